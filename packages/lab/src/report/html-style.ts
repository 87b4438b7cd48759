/** Of the page: readable on paper and screen, by day and by night, without a font or script from elsewhere. */
export const style: string = `
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#667085;--paper:#fbfaf7;--card:#fff;--line:#e3e0d8;--good:#1a7f4b;--bad:#c0362c;--warn:#b06a00;--note:#2d6cdf}
@media(prefers-color-scheme:dark){:root{--ink:#e8e6e1;--dim:#98a1ae;--paper:#16181b;--card:#1e2125;--line:#33373d;--good:#4cc38a;--bad:#ff6f61;--warn:#f0b429;--note:#7aa2ff}}
*{box-sizing:border-box}body{margin:0 auto;max-width:62rem;padding:2.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}
h1{font-size:2.6rem;line-height:1.1;margin:.1em 0}h2{margin:2.5rem 0 .8rem;font-size:1.25rem}h3{margin:1.6rem 0 .4rem;font-size:1.02rem}
small,.sub,.claim,.again{color:var(--dim)}small{font-weight:400}.kicker{margin:0;letter-spacing:.12em;text-transform:uppercase;font-size:.75rem;color:var(--dim)}.sub{margin:.2rem 0}
.headline{font-size:1.35rem;font-weight:650;margin:1.2rem 0}.headline small{display:block;font-size:.9rem}.headline.bad{color:var(--bad)}.headline.good{color:var(--good)}
.factors{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.2rem,1fr));gap:.6rem}
.factor{display:block;padding:.7rem .8rem;border:1px solid var(--line);border-left:4px solid var(--dim);border-radius:.5rem;background:var(--card);color:inherit;text-decoration:none}
.factor b{font-size:1.05rem}.factor span{display:block;font-size:.86rem}.factor em{font-style:normal;font-size:.78rem;color:var(--dim)}
.factor.holds{border-left-color:var(--good)}.factor.breaks{border-left-color:var(--bad)}.factor.breaks em{color:var(--bad)}.factor.waived,.factor.untested{border-left-color:var(--warn)}
article{background:var(--card);border:1px solid var(--line);border-radius:.7rem;padding:1rem 1.2rem;margin:0 0 1rem}article h3{margin:0}.claim{margin:.1rem 0 .8rem}
.finding{border-left:3px solid var(--note);padding-left:.9rem;margin:.8rem 0}.finding.error{border-left-color:var(--bad)}.finding.warning{border-left-color:var(--warn)}.what{margin:0 0 .4rem;font-weight:600}
dl{display:grid;grid-template-columns:6rem 1fr;gap:.25rem .8rem;margin:.4rem 0}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
pre{background:color-mix(in srgb,var(--ink) 6%,transparent);padding:.6rem .8rem;border-radius:.4rem;overflow-x:auto;font-size:.85rem;white-space:pre-wrap}code{font-family:ui-monospace,monospace;font-size:.9em}
.verified{color:var(--good)}.refuted{color:var(--warn)}a{color:inherit}
details{border-bottom:1px solid var(--line);padding:.35rem 0}summary{cursor:pointer;padding-left:7.6rem;text-indent:-7.6rem}summary b{display:inline-block;width:6.6rem;text-indent:0;font-size:.82rem;color:var(--dim)}
.pass summary b{color:var(--good)}.fail summary b{color:var(--bad)}.unknown summary b{color:var(--warn)}
.timeline{width:100%;height:auto;margin-top:.6rem;font:12px system-ui,sans-serif}.timeline text{fill:var(--ink)}.timeline .tick{fill:var(--dim);font-size:11px}.lane{stroke:var(--line)}.life{fill:color-mix(in srgb,var(--good) 45%,transparent)}
.mark{fill:var(--note)}.signal{fill:var(--bad)}.fault{fill:var(--warn)}.end{fill:var(--dim)}
@media print{body{max-width:none;padding:0}details{break-inside:avoid}}
`;
