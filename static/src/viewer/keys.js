// The keyboard. Keys act on the images and the table unless somebody is typing or choosing.

import { byId } from './dom.js';

const GRADES = { n: 'normal', i: 'mild', o: 'moderate', s: 'severe', x: 'not_assessed' };

export function listen(room) {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') {
      room.focusImages();
      return;
    }
    const on = event.target.tagName;
    if (on === 'TEXTAREA' || on === 'SELECT' || on === 'INPUT' || on === 'SUMMARY') return;
    const onControl = on === 'BUTTON' || on === 'A';
    if (event.key === 'E' && event.shiftKey) {
      room.evidence.next();
      event.preventDefault();
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (onControl && (key === ' ' || key === 'Enter')) return;
    if (act(room, key)) event.preventDefault();
  });
}

function act(room, key) {
  if (key in GRADES) return done(room.table.setGrade(GRADES[key]));
  if (key >= '1' && key <= '5') return done(room.goTo(room.words.levels[Number(key) - 1]));
  const actions = {
    ArrowUp: () => room.active.scroll(-1),
    ArrowDown: () => room.active.scroll(1),
    PageUp: () => room.active.scroll(-5),
    PageDown: () => room.active.scroll(5),
    ArrowLeft: () => room.table.moveSite(-1),
    ArrowRight: () => room.table.moveSite(1),
    ' ': () => room.confirmAndGoOn(),
    Enter: () => room.confirmAndGoOn(),
    Delete: () => room.tools.removeLast(room.active),
    w: () => room.chooseTool('WindowLevel'),
    z: () => room.chooseTool('Zoom'),
    h: () => room.chooseTool('Pan'),
    l: () => room.chooseTool('Length'),
    m: () => room.toggle('masks'),
    p: () => room.toggle('planes'),
    f: () => room.toggle('lines'),
    e: () => room.toggleEvidence(),
    r: () => room.reset(),
    t: () => byId('text').focus(),
    '?': () => byId('help').showModal(),
  };
  if (!(key in actions)) return false;
  return done(actions[key]());
}

function done() {
  return true;
}
