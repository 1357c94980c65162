// A second reader's review beside the one that is signed, a newer machine reading, and a damaged report.

import { button, clock, el } from './dom.js';

export function reviewNotices(state, base, act) {
  return [damaged(state), atWork(state), newerReading(state, act), secondReview(state, base)].filter(Boolean);
}

// What a second reader can do; null where the study's own buttons are meant.
export function secondReviewButtons(state, act) {
  if (state.purpose !== 'second' || !state.may_write) return null;
  return [button('Close second review', () => act('second/close/'), { title: 'You are done; your grades and text are kept' })];
}

// Beside a study that another reader has in review.
export function startSecondReview(state, act) {
  if (state.study_state !== 'in_review') return null;
  return button('Start a second review', () => act('second/start/'), {
    title: 'Read it too, for agreement: your own grades and text, not signed',
  });
}

// For who may write: another machine reading is offered when it is done, and changes nothing by itself.
export function readAgain(state, act) {
  if (state.machine_at_work || state.newer_reading) return null;
  return button('Read again', () => act('read-again/'), { title: 'The machine reads the study once more; you decide whether to use it' });
}

function atWork({ machine_at_work: atWorkNow, review }) {
  return atWorkNow && review ? box('', 'The machine is reading this study again. What it reads will be offered here.') : null;
}

function damaged({ damaged_report: number }) {
  if (!number) return null;
  return box('error', `Version ${number} does not match the digest it was signed with. Do not use it; tell an administrator.`);
}

function newerReading({ newer_reading: newer, may_write: mayWrite, signed_version: signed }, act) {
  if (!newer) return null;
  const differ = { 0: 'no grade differs', 1: '1 grade differs' }[newer.differing_grades] ?? `${newer.differing_grades} grades differ`;
  const take = async () => {
    // The overlays are the reading's, too.
    if (await act('newer-reading/', { reading: newer.id })) location.reload();
  };
  const use = mayWrite
    ? el('div', { class: 'row' }, button('Use the newer reading', take, { class: 'small', title: 'Your grades and text stay; confirm each level again' }))
    : null;
  const later = !mayWrite && signed ? ' It can be used in an amendment.' : '';
  return box('warning', `A newer machine reading of ${clock(newer.read_at)} is there: ${differ}.${later}`, use);
}

function secondReview({ purpose, second_review: second, claimed_by: holder }, base) {
  if (!second) return null;
  if (purpose === 'second') {
    return box('', `This is your second review, for agreement; it is not signed.${holder ? ` ${holder} is reading this study.` : ''}`);
  }
  const why = second.signed_by ? `${second.signed_by} signed this study, which closed your second review.` : 'Your second review is closed.';
  return box('', el('span', {}, `${why} It is kept. `, el('a', { href: `${base}second/` }, 'Read your second review')));
}

function box(kind, ...content) {
  return el('div', { class: `notice ${kind}`, role: 'status' }, ...content);
}
