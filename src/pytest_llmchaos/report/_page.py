"""What every HTML report has in common: its looks, its filters, and the policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib

__all__ = ["POLICY", "SCRIPT", "STYLE"]

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2128;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;--link:#0550ae;
--bad:#b3261e;--bad-bg:#ffebe9;--warn:#7a4f01;--warn-bg:#fff4d6;--good:#116329;--good-bg:#dcf5e1;--none-bg:#eef1f4;
--bar-ok:#2da44e;--bar-bad:#cf222e;--bar-open:#bf8700;--hatch:#ffffff50;--band0:#0969da0d;--band1:#8250df17}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--soft:#9aa4af;--line:#30363d;--panel:#161b22;
--link:#79b8ff;--bad:#ff8f87;--bad-bg:#3d1513;--warn:#e3b341;--warn-bg:#372a0b;--good:#5bd06f;--good-bg:#0f2e18;
--none-bg:#21262d;--bar-ok:#2ea043;--bar-bad:#e5534b;--bar-open:#ae7c14;--hatch:#00000058;--band0:#388bfd1f;
--band1:#a371f72b}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main,header{max-width:1280px;margin:0 auto;padding:0 24px}
header{padding-top:20px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:18px;margin:32px 0 10px}h3{font-size:15px;margin:18px 0 6px}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,input:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);
outline-offset:2px}
code{font:13px/1.5 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
.soft,.note{color:var(--soft)}.note{margin:6px 0}
.chips{display:flex;flex-wrap:wrap;gap:8px;margin:14px 0;padding:0;list-style:none}
.chip{border:1px solid var(--line);border-radius:8px;padding:6px 12px;background:var(--panel)}
.chip b{font-size:19px;margin-right:6px}
.s-violated,.s-failed,.s-error{color:var(--bad)}.s-inconclusive,.s-xfailed,.s-nothit{color:var(--warn)}.s-held{color:var(--good)}
.s-nocalls,.s-skipped,.s-keptout{color:var(--soft)}
.badge{display:inline-block;border-radius:5px;padding:1px 8px;font-weight:600;font-size:13px;white-space:nowrap;
background:var(--none-bg)}
.badge.s-violated,.badge.s-failed,.badge.s-error{background:var(--bad-bg)}.badge.s-held{background:var(--good-bg)}
.badge.s-inconclusive,.badge.s-xfailed,.badge.s-nothit{background:var(--warn-bg)}
.filters{position:sticky;top:0;z-index:3;background:var(--bg);border-bottom:1px solid var(--line);padding:8px 0;
display:flex;flex-wrap:wrap;gap:6px 18px;align-items:center}
.filters label{display:inline-flex;gap:6px;align-items:center;min-height:28px;cursor:pointer}
.filters input[type=search]{font:inherit;padding:3px 8px;width:240px;border:1px solid var(--soft);border-radius:6px;
background:var(--bg);color:var(--fg)}
.scroll{overflow:auto;width:fit-content;max-width:100%;max-height:75vh;border:1px solid var(--line);border-radius:8px}
table{border-collapse:separate;border-spacing:0;font-size:14px}
th,td{padding:5px 10px;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
thead th{position:sticky;top:0;background:var(--panel);z-index:1}
.matrix th[scope=row]{position:sticky;left:0;background:var(--bg);font-weight:400;max-width:460px;min-width:260px;
border-right:1px solid var(--line);overflow-wrap:anywhere}
.matrix thead th:first-child{left:0;z-index:2;border-right:1px solid var(--line)}
.matrix thead th{vertical-align:bottom}
.matrix.many thead th:not(:first-child) span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:230px;
overflow-wrap:anywhere;font-weight:600}
.matrix.many td{padding:5px 4px;text-align:center}
.matrix td a{text-decoration:none}.matrix td a:hover{text-decoration:underline}
.test{border:1px solid var(--line);border-radius:8px;margin:10px 0;content-visibility:auto;
contain-intrinsic-size:auto 46px}
.test[open]{contain-intrinsic-size:auto 640px}
.test>summary{cursor:pointer;padding:9px 14px;overflow-wrap:anywhere;border-radius:8px}
.test>summary:hover{background:var(--panel)}
.test>summary .why{display:block;color:var(--soft);padding-left:18px}
.body{padding:2px 16px 14px;border-top:1px solid var(--line);scroll-margin-top:110px}
.facts{display:flex;flex-wrap:wrap;gap:2px 22px;margin:10px 0;padding:0;list-style:none;color:var(--soft)}
.facts b{color:var(--fg);font-weight:600}
.verdicts{list-style:none;margin:0;padding:0}
.verdicts li{padding:6px 0;border-bottom:1px solid var(--line)}
.verdicts p{margin:3px 0 0;white-space:pre-line;overflow-wrap:anywhere}
.replay{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:6px 10px;margin:10px 0}
.calls{font-size:13px}.calls td{overflow-wrap:anywhere}.calls tr:target td{background:var(--warn-bg)}
.calls td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
.list{overflow-x:auto}.more summary{cursor:pointer;color:var(--link);padding:4px 0}
.picture{overflow-x:auto;margin:10px 0}
.picture svg{display:block;width:100%;min-width:760px;height:auto}
.defs{position:absolute}
svg text{font:11.5px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:var(--fg)}
svg text.lane{font-weight:700}svg text.axis,svg text.phase,svg text.event{fill:var(--soft)}
svg text.axis{text-anchor:middle}
svg .phase0{fill:var(--band0)}svg .phase1{fill:var(--band1)}
svg .rule{stroke:var(--line)}svg .tick{stroke:var(--line);stroke-dasharray:2 4}
svg .cut{fill:var(--none-bg)}svg text.cut{fill:var(--soft)}
.call rect{stroke-width:1}.call text.in{fill:#fff;paint-order:stroke;stroke:#0009;stroke-width:3px}
.call text.before{text-anchor:end}.call text.out,.call text.before{paint-order:stroke;stroke:var(--bg);stroke-width:3px}
.ok rect{fill:var(--bar-ok)}.failed rect{fill:url(#p-failed);stroke:var(--bar-bad)}
.open rect{fill:url(#p-open);stroke:var(--bar-open)}
.call rect.frame{fill:none;stroke:var(--fg);stroke-width:1.6}
.f-failed{fill:var(--bar-bad)}.f-open{fill:var(--bar-open)}.f-line{fill:var(--hatch)}.f-over{fill:var(--link)}
.over{fill:none;stroke:var(--link);stroke-width:1.6}
.wait{fill:none;stroke:var(--soft);stroke-width:1.4;stroke-dasharray:3 3}
.asked{fill:none;stroke:var(--warn);stroke-width:1.6}
.event{stroke:var(--soft);stroke-dasharray:1 3}text.event{stroke:none}
.escape{stroke:var(--bad)}svg text.escape{fill:var(--bad);stroke:none}
.legend{color:var(--soft);font-size:13px;margin:0 0 6px}
footer{color:var(--soft);margin:36px auto 28px}
[hidden]{display:none!important}
body:has(#f-violated:not(:checked)) [data-s=violated],body:has(#f-failed:not(:checked)) [data-s=failed],
body:has(#f-error:not(:checked)) [data-s=error],
body:has(#f-inconclusive:not(:checked)) [data-s=inconclusive],body:has(#f-xfailed:not(:checked)) [data-s=xfailed],
body:has(#f-nothit:not(:checked)) [data-s=nothit],body:has(#f-held:not(:checked)) [data-s=held],
body:has(#f-nocalls:not(:checked)) [data-s=nocalls],body:has(#f-skipped:not(:checked)) [data-s=skipped],
body:has(#f-keptout:not(:checked)) [data-s=keptout]{display:none}
.skip{position:absolute;left:-9999px}.skip:focus{left:8px;top:8px;background:var(--bg);padding:6px;z-index:9}
@media print{.filters{display:none}.scroll{max-height:none}}
"""

SCRIPT = """
(function(){
var box=document.getElementById('q'),label=document.getElementById('ql');
if(!box){return}
label.hidden=false;
var items=document.querySelectorAll('[data-t]');
box.addEventListener('input',function(){
  var words=box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  items.forEach(function(each){
    var text=each.getAttribute('data-t').toLowerCase();
    each.hidden=!words.every(function(word){return text.indexOf(word)>=0});
  });
});
function reveal(){
  var at=location.hash.length>1&&document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if(!at){return}
  for(var up=at.closest('details');up;up=up.parentElement.closest('details')){up.open=true;up.hidden=false}
  at.scrollIntoView();
}
window.addEventListener('hashchange',reveal);
reveal();
})();
"""


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


POLICY = "; ".join(
    [
        "default-src 'none'",
        f"style-src {_digest(STYLE)}",
        f"script-src {_digest(SCRIPT)}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
)
"""The page's Content-Security-Policy: its own style and script by their digests, and nothing from anywhere."""
