import type { Score } from '../../workers/score.ts';
import { type Bars, barsSvg } from '../pictures/bars.ts';
import type { Picture } from '../pictures/upload.ts';
import { barWords } from '../pictures/words.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const nameOf = (month: string): string => MONTHS[Number(month.slice(5)) - 1] ?? month;

/** `3 times`, `once`. */
const times = (n: number): string => (n === 1 ? 'once' : `${n.toLocaleString('en-US')} times`);
const count = (n: number, word: string): string => `${n.toLocaleString('en-US')} ${word}${n === 1 ? '' : 's'}`;

/** Pure: how often the ingress was blamed and guilty, in all. People's last word stands beside ours, never instead. */
export function scoreText(score: Score): string {
  if (score.cases === 0) return 'No case yet.';
  const of = (answer: string) => score.byAnswer[answer] ?? 0;
  const blamed =
    score.blamed === 0
      ? 'Nobody has blamed the ingress by name yet.'
      : `*Blamed by name ${times(score.blamed)}, guilty ${score.guiltyByPeople === 0 ? 'never' : times(score.guiltyByPeople)}.*`;
  const people =
    score.said === 0
      ? ''
      : ` People said what it was in ${count(score.said, 'case')} and overturned ${score.overturned} of my answers${
          score.guilty === score.guiltyByPeople
            ? ''
            : `; by my verdicts alone it was guilty ${score.guilty === 0 ? 'never' : times(score.guilty)}`
        }.`;
  return `${blamed}${people}\n${count(score.cases, 'case')} in all: the ingress in ${of('ingress')}, something else or nothing in ${of('not-ingress')}, not settled in ${of('inconclusive')}.`;
}

/** Pure: blamed and guilty by month; null: fewer than two months, or nobody was blamed. */
function scoreBars(score: Score): Bars | null {
  if (score.months.length < 2 || score.months.every(({ blamed }) => blamed === 0)) return null;
  return {
    title: 'The ingress: blamed and guilty, by month',
    series: ['blamed by name', 'guilty'],
    groups: score.months.map((one) => ({ name: nameOf(one.month), values: [one.blamed, one.guiltyByPeople] })),
  };
}

/** Pure: the months in a line for each of the last ones, newest first. */
export function monthLines(score: Score, most = 6): string {
  return score.months
    .toReversed()
    .slice(0, most)
    .map(
      (one) => `${nameOf(one.month)}: ${count(one.cases, 'case')}, blamed ${one.blamed}, guilty ${one.guiltyByPeople}`,
    )
    .join(' · ');
}

/** Pure: the months as a picture, or null (see `scoreBars`). */
export function scorePicture(score: Score): Picture | null {
  const bars = scoreBars(score);
  return bars && { svg: barsSvg(bars), alt: barWords(bars) };
}
