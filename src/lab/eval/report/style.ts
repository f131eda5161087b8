/**
 * The report's style sheet. Light and dark by the reader's setting; one column on a phone; series colours are Okabe and Ito's, which
 * stay apart for colour-blind eyes, and every series also has a dash of its own.
 */

/** Series that get a colour; more are left out of a plot, and it says so. */
export const SERIES = 6

export const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--raised:#f6f7f9;--text:#1b1f24;--muted:#59636e;--line:#d5dae0;--accent:#0b63a5;--alert-ground:#fff4e0;--alert:#8a4b00;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#a0548a;--s4:#8a6d00;--s5:#3a94c9;--negative:#0072b2;--positive:#d55e00}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--raised:#1d2127;--text:#e8eaed;--muted:#a0a9b4;--line:#363c45;--accent:#6db8f0;--alert-ground:#33270f;--alert:#f3c06b;
--s0:#56b4e9;--s1:#ff9355;--s2:#2cc79a;--s3:#d98fbd;--s4:#e0c04a;--s5:#b9d4ea;--negative:#56b4e9;--positive:#ff9355}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main,header.page{max-width:1120px;margin:0 auto;padding:0 20px}
header.page{padding-top:36px}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:1.35rem;line-height:1.25;margin:52px 0 10px;padding-top:14px;border-top:1px solid var(--line);overflow-wrap:anywhere}
h3{font-size:1.02rem;margin:30px 0 8px;overflow-wrap:anywhere}
p,li,small{overflow-wrap:anywhere}
p{margin:0 0 12px;max-width:76ch}
.muted,small{color:var(--muted)}
small{font-size:.8rem}
a{color:var(--accent)}
nav ul{display:flex;flex-wrap:wrap;gap:6px 16px;padding:0;margin:14px 0 0;list-style:none}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(135px,45%),1fr));gap:10px 24px;margin:14px 0;padding:14px 16px;background:var(--raised);border-radius:8px}
.facts div{min-width:0}
.facts .wide{grid-column:1/-1}
.facts dt{font-size:.78rem;color:var(--muted)}
.facts dd{margin:0;overflow-wrap:anywhere}
.alert{background:var(--alert-ground);border-left:4px solid var(--alert);border-radius:4px;padding:10px 14px;margin:14px 0;max-width:none}
.alert p:last-child{margin:0}
.mark{display:block;color:var(--alert);font-size:.74rem;white-space:nowrap;text-decoration:none;font-weight:600}
.scroll{overflow-x:auto;margin:8px 0 18px;border:1px solid var(--line);border-radius:8px}
.scroll:focus-visible{outline:2px solid var(--accent)}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:7px 12px;text-align:right;vertical-align:top;border-bottom:1px solid var(--line);white-space:nowrap}
tbody:last-child tr:last-child>*{border-bottom:0}
thead th{font-weight:600;font-size:.8rem;color:var(--muted);vertical-align:bottom;background:var(--raised)}
th:first-child,td:first-child{text-align:left}
tbody th{font-weight:500;position:sticky;left:0;background:var(--ground);max-width:260px;min-width:190px;white-space:normal;overflow-wrap:anywhere}
tr.group th{background:var(--raised);font-weight:600;max-width:none}
tr.constant>*{color:var(--muted)}
th.text{text-align:left}
td.text{text-align:left;white-space:normal;min-width:170px;overflow-wrap:anywhere}
td small,th small{display:block;font-weight:400}
.key{display:inline-block;width:22px;height:10px;margin-right:7px;vertical-align:middle}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(300px,100%),440px));gap:18px 22px;margin:10px 0 18px}
figure{margin:0;min-width:0}
figcaption{font-size:.86rem;font-weight:600;margin-bottom:2px;overflow-wrap:anywhere}
figcaption small{display:block;font-weight:400}
svg{display:block;width:100%;height:auto;max-width:440px}
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--muted);paint-order:stroke;stroke:var(--ground);stroke-width:3px;stroke-linejoin:round}
svg .axis{stroke:var(--muted);fill:none}
svg .grid{stroke:var(--line);fill:none}
svg .base{stroke:var(--muted);fill:none;stroke-dasharray:2 3}
svg .curve{fill:none;stroke-width:2;stroke-linejoin:round}
svg.strip{width:112px;height:17px;max-width:none;margin:3px 0 0 auto}
.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(300px,100%),440px));gap:8px 22px;margin:10px 0 22px}
.pair h4{grid-column:1/-1;margin:0;font-size:.95rem;overflow-wrap:anywhere}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:.86rem;margin:6px 0 10px;padding:0;list-style:none}
details{margin:6px 0 10px}
summary{cursor:pointer;font-weight:600;font-size:.92rem;padding:4px 0}
footer{max-width:1120px;margin:44px auto 0;padding:16px 20px 48px;color:var(--muted);border-top:1px solid var(--line);font-size:.86rem}
@media (max-width:640px){main,header.page,footer{padding-left:14px;padding-right:14px}h1{font-size:1.5rem}tbody th{max-width:132px;min-width:118px;font-size:.84rem}th,td{padding:6px 9px}}
@media print{.scroll{overflow:visible}details{display:block}}
`
