/** The shortcodes that an incident channel uses; others stay as they are written. */
const signs = {
  '+1': '👍',
  thumbsup: '👍',
  '-1': '👎',
  thumbsdown: '👎',
  eyes: '👀',
  white_check_mark: '✅',
  heavy_check_mark: '✔️',
  x: '❌',
  no_entry: '⛔',
  no_entry_sign: '🚫',
  warning: '⚠️',
  rotating_light: '🚨',
  fire: '🔥',
  mag: '🔍',
  mag_right: '🔎',
  hourglass: '⌛',
  hourglass_flowing_sand: '⏳',
  large_green_circle: '🟢',
  large_yellow_circle: '🟡',
  large_orange_circle: '🟠',
  red_circle: '🔴',
  white_circle: '⚪',
  large_blue_circle: '🔵',
  question: '❓',
  grey_question: '❔',
  exclamation: '❗',
  bulb: '💡',
  wrench: '🔧',
  hammer_and_wrench: '🛠️',
  gear: '⚙️',
  lock: '🔒',
  unlock: '🔓',
  link: '🔗',
  rocket: '🚀',
  chart_with_upwards_trend: '📈',
  chart_with_downwards_trend: '📉',
  bar_chart: '📊',
  clock1: '🕐',
  stopwatch: '⏱️',
  calendar: '📅',
  pushpin: '📌',
  star: '⭐',
  tada: '🎉',
  pray: '🙏',
  thinking_face: '🤔',
  sweat_smile: '😅',
  smile: '😄',
  slightly_smiling_face: '🙂',
  cry: '😢',
  heart: '❤️',
  wave: '👋',
  clap: '👏',
  muscle: '💪',
  ok_hand: '👌',
  robot_face: '🤖',
  ghost: '👻',
  package: '📦',
  globe_with_meridians: '🌐',
  arrow_right: '➡️',
  arrow_up: '⬆️',
  arrow_down: '⬇️',
  arrows_counterclockwise: '🔄',
  repeat: '🔁',
  information_source: 'ℹ️',
  zap: '⚡',
  octagonal_sign: '🛑',
  construction: '🚧',
  speech_balloon: '💬',
  memo: '📝',
  shield: '🛡️',
};

/** The sign for a shortcode, or undefined if there is none, or no font here that has it. */
export function emojiSign(name) {
  return Object.hasOwn(signs, name) && fontHasEmoji() ? signs[name] : undefined;
}

let known;

/** Draws one emoji and one character that does not exist: where both look the same, there is no such font. */
function fontHasEmoji() {
  known ??= picture('👀') !== picture('\u{1fffe}');
  return known;
}

function picture(text) {
  const canvas = document.createElement('canvas');
  canvas.width = 24;
  canvas.height = 24;
  const context = canvas.getContext('2d');
  context.font = '16px system-ui, sans-serif';
  context.fillText(text, 2, 18);
  return canvas.toDataURL();
}
