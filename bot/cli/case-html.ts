import type { SavedCase } from '../../diagnostics/types.ts';

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --dim: color-mix(in srgb, currentColor 62%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; line-height: 1.35; border-left: .35rem solid var(--mark); padding-left: .8rem; }
h2 { font-size: 1rem; margin: 2rem 0 .4rem; }
p.meta, .dim { color: var(--dim); font-size: .88rem; }
ul { padding-left: 1.2rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
code { font: .82rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.path { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; padding: 0; list-style: none; }
.path li { border: 1px solid var(--line); border-radius: .4rem; padding: .25rem .6rem; }
.path li.broken { border-color: var(--mark); border-width: 2px; font-weight: 600; }
.implicates { color: #c0362c; } .clears { color: #2b8a3e; }
@media (prefers-color-scheme: dark) { .implicates { color: #ff8a80; } .clears { color: #8ce99a; } }
`;
const MARK = { ingress: '#c0362c', 'not-ingress': '#2b8a3e', inconclusive: '#b08900' } as const;

/** A case as one page that needs nothing else: to attach to a ticket. Everything from outside is escaped. */
export function caseHtml({ case: triage, path, verdict }: SavedCase): string {
  const e = escapeHtml;
  const hops = path.hops
    .map(
      (hop, i) =>
        `${i ? '<li aria-hidden="true" style="border:0">→</li>' : ''}<li${hop.hop === verdict.hop || (verdict.hop === 'app' && hop.hop === 'service') ? ' class="broken"' : ''}>${e(hop.name)} <span class="dim">${e(hop.kind)}</span></li>`,
    )
    .join('');
  const rows = verdict.findings
    .map(
      (f) =>
        `<tr><td class="${f.direction}">${f.direction}</td><td><code>${e(f.code)}</code><br><span class="dim">${e(f.check)}${f.about.part ? `, ${e(f.about.part)}` : ''}</span></td><td>${e(f.says)}${f.reproduce ? `<br><code>${e(f.reproduce)}</code>` : ''}</td></tr>`,
    )
    .join('\n');
  const list = (items: string[]): string => `<ul>${items.map((item) => `<li>${e(item)}</li>`).join('')}</ul>`;
  const part = (title: string, body: string): string => (body ? `<h2>${title}</h2>${body}` : '');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${e(verdict.headline)}</title><style>${STYLE}:root { --mark: ${MARK[verdict.answer]}; }</style></head><body>
<h1>${e(verdict.headline)}</h1>
<p class="meta">${e(verdict.case)}, ${e(triage.at)}, ${e(triage.target.host)}:${triage.target.port}${e(triage.target.path)}; ${verdict.answer}, hop ${e(verdict.hop ?? 'unknown')}, cause ${e(verdict.cause ?? 'unknown')}, confidence ${verdict.confidence}, ${verdict.durationMs} ms</p>
${triage.report ? `<blockquote class="dim">${e(triage.report)}</blockquote>` : ''}
${hops ? `<ul class="path">${hops}</ul>` : ''}
${part('Why', list(verdict.says))}
${part('Next', `<p>${e(verdict.nextStep)}</p>`)}
${part('Cleared', verdict.cleared.length ? list(verdict.cleared) : '')}
${part('Not seen', verdict.blind.length ? list([...new Set(verdict.blind.map((b) => `${b.check}: ${b.detail} (${b.reason})`))]) : '')}
${part('Changes', verdict.timeline.length ? list(verdict.timeline.map((c) => `${c.at} ${c.object}: ${c.summary}`)) : '')}
${part('Evidence', `<table><thead><tr><th>Direction</th><th>Finding</th><th>What it says</th></tr></thead><tbody>${rows}</tbody></table>`)}
</body></html>
`;
}
