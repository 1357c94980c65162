"""How gunicorn serves the product; `bind` comes from the command line."""

wsgi_app = "config.wsgi:application"
worker_class = "gthread"
workers = 2
threads = 4
# Large uploads stream through a thread; the worker itself stays alive meanwhile.
timeout = 60
graceful_timeout = 5
keepalive = 30
# Path without query string: a search for a patient stays out of the log.
accesslog = "-"
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(B)s %(M)s ms"
# One machine needs no remote control of the server.
control_socket_disable = True
