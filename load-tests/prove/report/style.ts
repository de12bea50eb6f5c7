/** Colours that are told apart without red and green (Okabe and Ito's), in both themes; used by the page and the SVG. */
const LIGHT =
  '--ink:#1b2733;--soft:#5b6b7a;--paper:#ffffff;--panel:#f5f7f9;--rule:#d9e0e6;--blue:#0072b2;--orange:#d55e00;--green:#00855f;--violet:#8a4f9e;--yellow:#b87a00;--good:#00734f;--bad:#b23400';
const DARK =
  '--ink:#e6ebf0;--soft:#9aa8b5;--paper:#12181e;--panel:#1a222a;--rule:#2d3843;--blue:#56b4e9;--orange:#f0883e;--green:#3ecf9f;--violet:#cc9ae0;--yellow:#e6b450;--good:#3ecf9f;--bad:#ff8a5c';

const CHART_STYLE = `
svg{font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-size:16px}
.grid{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
.tick{fill:var(--soft)}.label{fill:var(--soft)}.value{fill:var(--ink);font-weight:600}.small{font-size:13px}.inside{fill:var(--paper);font-weight:600}
.ideal{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:5 5;fill:none}
.fit{stroke:var(--blue);stroke-width:2.5;fill:none}
.point{fill:var(--orange);stroke:var(--paper);stroke-width:1.5}.error{stroke:var(--orange);stroke-width:1.5;fill:none}
.goal{stroke:var(--violet);stroke-width:2.5;fill:none}
.series{fill:none;stroke-width:2.2}.series.p99{stroke:var(--orange)}.series.p95{stroke:var(--blue)}.series.med{stroke:var(--green)}
.dot.p99{fill:var(--orange)}.dot.p95{fill:var(--blue)}.dot.med{fill:var(--green)}
.tier.api{fill:var(--blue)}.tier.edge{fill:var(--orange)}.tier.postgres{fill:var(--green)}.tier.redis{fill:var(--violet)}.tier.worker{fill:var(--yellow)}.tier.k6{fill:var(--soft)}
`;

const THEME = `:root{color-scheme:light dark;${LIGHT}}@media (prefers-color-scheme:dark){:root{${DARK}}}`;

/** A chart is as wide as the screen, and its letters shrink with it. */
const NARROW = '@media screen and (max-width:560px){figure svg{font-size:21px}.small{font-size:18px}.crowded{display:none}}';

export const PAGE_STYLE = `
${THEME}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:15px;font-weight:600;color:var(--soft);margin:0 0 12px;letter-spacing:.02em}
h2{font-size:21px;margin:48px 0 12px;line-height:1.3}
h3{font-size:16px;margin:0 0 4px}
p{max-width:76ch;margin:0 0 12px}
a{color:var(--blue)}
.verdict{font-size:clamp(22px,3.4vw,34px);line-height:1.25;font-weight:650;margin:0 0 16px;max-width:none;text-wrap:balance}
.verdict.good{color:var(--good)}.verdict.bad{color:var(--bad)}
.sub{max-width:none;color:var(--soft);margin:0 0 28px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0 0 8px}
.tile{background:var(--panel);border:1px solid var(--rule);border-radius:8px;padding:12px 14px}
.tile b{display:block;font-size:25px;line-height:1.25;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:13.5px;line-height:1.35;display:block}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:28px}
figure{margin:0;break-inside:avoid;min-width:0}
figure.wide{overflow-x:auto}figure.wide svg{font-size:14px;min-width:660px}figure svg{display:block;width:100%;height:auto}
figcaption{color:var(--soft);font-size:14px;max-width:70ch}
.wide{grid-column:1/-1}
.scroll{overflow-x:auto;margin:0 0 12px}
table{border-collapse:collapse;width:100%;font-size:14.5px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:6px 10px;border-bottom:1px solid var(--rule);vertical-align:top}
table:not(.words) td,.words td:nth-child(-n+3){white-space:nowrap}th{color:var(--soft);font-weight:600;white-space:nowrap}
th:first-child,td:first-child,.words td,.words th{text-align:left}
.words td.n,.words th.n{text-align:right}
table.findings td,table.findings th{text-align:left;white-space:normal}
.pass{color:var(--good);font-weight:600}.fail{color:var(--bad);font-weight:600}
.note{border-left:3px solid var(--violet);padding:4px 0 4px 14px;margin:0 0 16px}
code,pre{font:14px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace}
code{overflow-wrap:anywhere}
details{margin:0 0 12px}summary{cursor:pointer;color:var(--blue)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
@media (max-width:560px){main{padding:20px 16px 48px}dl{grid-template-columns:1fr}dt{margin-top:6px}h2{margin-top:36px}th,td{padding:6px 7px}}
@page{margin:13mm}
@media print{
:root{${LIGHT}}
body{font-size:9.5pt;line-height:1.4}main{max-width:none;padding:0}.verdict{font-size:20pt}.tiles{grid-template-columns:repeat(5,1fr);gap:6px}.tile{padding:6px 8px}.tile b{font-size:13pt;white-space:nowrap}.tile span,figcaption{font-size:8.5pt}h2{break-after:avoid;margin-top:24px}tr,.tile,.note{break-inside:avoid}
.charts{grid-template-columns:1fr 1fr;gap:16px}.scroll,figure.wide{overflow:visible}figure.wide svg{min-width:0}table{font-size:9pt}th,td{padding:3px 5px}details>summary{display:none}a{color:inherit}
}
${CHART_STYLE}${NARROW}`;

/** For an SVG that stands alone, as an image in a README. */
export const SVG_STYLE = `:root{${LIGHT}}@media (prefers-color-scheme:dark){:root{${DARK}}}svg{background:var(--paper)}${CHART_STYLE}`;
