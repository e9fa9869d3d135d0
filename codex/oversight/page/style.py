"""The page's style sheet: one palette for light, one for dark, chosen by the reader's system."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--page:#f4f5f2;--card:#fff;--ink:#1b2226;--soft:#566168;--line:#e0e4e1;--track:#e6eae7;
--accent:#17706a;--area:#17706a22;--wash:#e3efed;--queued:#a9b5b3;--good:#17734a;--goodbg:#dff1e7;--warn:#8a5a00;--warnbg:#fbeed3;
--bad:#b3261e;--badbg:#fbe3e0;--edge:#7c8a90}
@media (prefers-color-scheme:dark){:root{--page:#0f1416;--card:#171e21;--ink:#e7ecec;--soft:#9fadb3;--line:#2a3439;
--track:#2a3439;--accent:#55c5b9;--area:#55c5b926;--wash:#1c3233;--queued:#586970;--good:#66d09a;--goodbg:#163527;--warn:#e6b04f;
--warnbg:#3a2c10;--bad:#ff9084;--badbg:#43201d;--edge:#6f8087}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans",sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main,header,footer{max-width:1360px;margin:0 auto;padding:0 24px}
header{padding-top:28px;padding-bottom:18px}
h1{font-size:24px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:14px;font-weight:650;margin:0 0 12px;letter-spacing:.01em}
.soft,.note{color:var(--soft)}.note{margin:12px 0 0;font-size:12.5px;max-width:80ch}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;min-width:0;
margin-bottom:16px}
.columns{display:grid;gap:0 16px;grid-template-columns:minmax(0,1fr)}
@media (min-width:980px){.columns{grid-template-columns:minmax(0,11fr) minmax(0,9fr)}}
.tiles{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(158px,1fr));margin-bottom:16px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:13px 15px 15px}
.tile b{display:block;font-size:26px;font-weight:620;line-height:1.15;letter-spacing:-.02em}
.tile span{color:var(--soft);font-size:12.5px}.tile .label{font-weight:600;color:var(--ink)}
.meter{display:block;width:100%;height:6px;margin-top:9px;border-radius:3px;background:var(--track);overflow:hidden}
.meter rect{fill:var(--accent)}.meter.good rect{fill:var(--good)}.meter.warn rect{fill:var(--warn)}
.meter.bad rect{fill:var(--bad)}
.bar{margin:0 0 12px}.bar p{display:flex;justify-content:space-between;gap:12px;margin:0;flex-wrap:wrap}
dl{display:grid;grid-template-columns:minmax(8em,max-content) 1fr;gap:5px 18px;margin:0 0 12px}
dt{color:var(--soft)}dd{margin:0;font-weight:560}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(122px,1fr));gap:12px;margin:0 0 14px}
.figures div{display:flex;flex-direction:column-reverse;justify-content:flex-end}.figures dd{font-size:18px}
.figures dt{font-size:12.5px}dd.dim{color:var(--soft);font-weight:400;font-size:15px;line-height:1.8}
.scroll{overflow-x:auto;margin:0 -18px;padding:0 18px}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:-2px;border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:13px}
th{font-weight:500;color:var(--soft);font-size:12px;text-align:left;vertical-align:bottom}
th,td{padding:6px 16px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:last-child td,tbody tr:last-child th{border-bottom:0}td{white-space:nowrap}td.long{white-space:normal}
.bars th[scope=row]{white-space:nowrap;width:1%}.bars .drawn{width:60%;vertical-align:middle}
.bars .meter{margin:0;height:8px}
td:last-child,th:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}thead th{white-space:nowrap}
tbody th{color:var(--ink);font-weight:560;font-size:13px}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.alarm{border-left:4px solid var(--bad)}
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{fill:var(--ink);font-size:11px}.chart .tick{fill:var(--soft)}.chart .value{font-weight:600}
.chart .value{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.chart .name{font-weight:560}.chart .section{font-weight:650;font-size:13px}
.chart .grid{stroke:var(--line);fill:none;stroke-width:1}.chart .axis{stroke:var(--soft);stroke-width:1}
.chart .area{fill:var(--area)}.chart .course{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round}
.chart .now{fill:var(--accent);stroke:var(--card);stroke-width:1.5}.chart .short{fill:var(--bad)}
.chart .needs{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.trends{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:16px 22px}
.trends figure,.burn figure{margin:0}
.trends figcaption{font-size:12.5px;color:var(--soft)}.trends figcaption>span{display:flex;gap:8px;
justify-content:space-between;align-items:baseline}.trends b{font-size:17px;font-weight:600;color:var(--ink)}
.trends b.bad{color:var(--bad)}
.burn{display:grid;gap:16px 28px;grid-template-columns:repeat(auto-fit,minmax(300px,1fr))}
.burn figcaption{font-size:12.5px;color:var(--soft);margin-bottom:6px}
.burn b{color:var(--ink);font-weight:600;margin-right:6px}
.map .chart{width:auto;max-width:none}
.map .edge{fill:none;stroke:var(--edge);opacity:.32}
.map .box{fill:var(--card);stroke:var(--accent);stroke-width:1.2}.map .open .box{stroke:var(--queued);
stroke-dasharray:3 2}.map .whole .box{fill:var(--wash)}
.map .dots{fill:var(--accent)}.map .queued{fill:var(--queued)}
.map svg:has(.chip:hover) .edge{opacity:.05;stroke:var(--accent)}.map .chip:hover .box{stroke-width:2.4}
.key{display:flex;gap:6px 18px;flex-wrap:wrap;font-size:12.5px;color:var(--soft);margin:0 0 12px}
.key i{display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:6px;background:var(--accent)}
.key .k-queued{background:var(--queued)}
.matrix td,.matrix th{padding:5px 7px;white-space:nowrap}.matrix .c{text-align:center}
.matrix thead th,.matrix thead th.n{white-space:normal}.matrix thead th:first-child{padding-left:0}
.matrix thead th{position:sticky;top:0}
.matrix tbody th{position:sticky;left:0;background:var(--card);max-width:24em;overflow:hidden;text-overflow:ellipsis;
padding-left:0}
.matrix .l0{color:var(--soft)}.matrix .l1{background:var(--badbg)}.matrix .l2{background:var(--warnbg)}
.matrix .l3{background:var(--goodbg)}
.tall{max-height:560px;overflow:auto}.tall thead th{background:var(--card);z-index:2}
.tall thead th:first-child{left:0;z-index:3}
code{font:12.5px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
footer{padding-top:20px;padding-bottom:36px;color:var(--soft);font-size:12.5px}
@media (max-width:600px){thead th,thead th.n{white-space:normal}
main,header,footer{padding-left:14px;padding-right:14px}.card{padding:14px}
.scroll{margin:0 -14px;padding:0 14px}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.tile b{font-size:22px}
.stack thead{position:absolute;clip-path:inset(50%);height:1px;overflow:hidden}
.stack tr{display:block;padding:7px 0;border-bottom:1px solid var(--line)}.stack tr:last-child{border:0}
.stack td,.stack tbody th{display:inline;border:0;padding:0 8px 0 0}.stack td.long{display:block}
.matrix tbody th{max-width:11em}}
@media print{.tall{max-height:none}.card{break-inside:avoid}}
"""
