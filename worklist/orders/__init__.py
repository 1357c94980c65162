"""Patients, orders and institutions: who a study is of, and how a mistaken identity is put right."""
