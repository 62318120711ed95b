// The space-time diagram: a lane for everyone, an arrow for each message, bands for faults. Records come as columns of
// numbers; only what is in view is drawn, and no more than one arrow a pixel and pair of lanes.
(() => {
  'use strict';
  const box = document.getElementById('diagram');
  if (!box) return;
  const $ = (id) => document.getElementById(id);
  const canvas = $('lanes'), ctx = canvas.getContext('2d'), seen = $('seen'), state = $('state');
  const SEND = 1, DELIVER = 2, DROP = 3, FAULT = 4, STEP = 10, BOOT = 11, VERDICT = 12;
  const KINDS = ['', 'send', 'deliver', 'drop', 'fault', 'timer', 'sync', 'note', 'reply', 'surroundings', 'step', 'boot', 'verdict'];
  const NONE = 0xffffffff, GUTTER = 74, HEAD = 44, FOOT = 24;
  let T = null, view = [0, 1], mask = null, hot = -1, pinned = -1, queued = false;

  const bytes = (text, Type) => {
    const raw = atob(text), out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return new Type(out.buffer);
  };
  const seconds = (ms) => ms >= 1000 ? `${(ms / 1000).toFixed(3)} s` : `${ms.toFixed(3)} ms`;

  function open(element) {
    const d = JSON.parse(element.textContent);
    const t = { n: d.records, lanes: d.lanes, strings: d.strings,
      time: bytes(d.time, Float64Array), kind: bytes(d.kind, Uint8Array), actor: bytes(d.actor, Uint8Array),
      peer: bytes(d.peer, Uint8Array), label: bytes(d.label, Uint32Array), text: bytes(d.text, Uint32Array),
      bytes: bytes(d.bytes, Uint32Array) };
    // By time, calls for blocks leave everything else in a few pixels; by event, each has the same room.
    t.even = $('scale').value === 'event';
    t.pos = t.even ? Float64Array.from({ length: t.n }, (_, i) => i) : t.time;
    t.end = t.n ? Math.max(t.pos[t.n - 1], 1e-3) : 1;
    joinHops(t, bytes(d.hops, Uint32Array));
    findBands(t);
    T = t;
    offer();
    view = [0, T.end];
    mask = null; hot = pinned = -1;
    $('find').value = '';
    box.dataset.records = String(t.n);
    resize();
  }

  // Messages in the order of their starts, so that those in view lie together.
  function joinHops(t, flat) {
    const m = flat.length / 3;
    const start = new Float64Array(m), end = new Float64Array(m), order = new Uint32Array(m);
    for (let i = 0; i < m; i++) {
      const send = flat[3 * i], last = flat[3 * i + 1];
      start[i] = t.pos[send !== NONE ? send : last];
      end[i] = last !== NONE ? t.pos[last] : start[i];
      order[i] = i;
    }
    order.sort((a, b) => start[a] - start[b]);
    t.hops = m;
    for (const name of ['start', 'end', 'reach']) t['h' + name] = new Float64Array(m);
    for (const name of ['from', 'to', 'lost', 'group']) t['h' + name] = new Uint8Array(m);
    for (const name of ['send', 'last']) t['h' + name] = new Uint32Array(m);
    const groups = groupsOf(t);
    t.groups = groups.names;
    let reach = 0;
    for (let at = 0; at < m; at++) {
      const i = order[at], send = flat[3 * i], last = flat[3 * i + 1], record = send !== NONE ? send : last;
      const arrives = t.kind[record] === DELIVER;
      reach = Math.max(reach, end[i]);
      t.hstart[at] = start[i]; t.hend[at] = end[i]; t.hreach[at] = reach;
      t.hfrom[at] = arrives ? t.peer[record] : t.actor[record];
      t.hto[at] = arrives ? t.actor[record] : t.peer[record];
      t.hlost[at] = flat[3 * i + 2] ? 1 : last === NONE ? 2 : 0;
      t.hsend[at] = send; t.hlast[at] = last;
      t.hgroup[at] = groups.of[t.label[record]];
    }
  }

  // Protocols by the first word of labels.
  function groupsOf(t) {
    const names = [], places = new Map(), of = new Uint8Array(t.strings.length), done = new Set();
    for (let i = 0; i < t.n; i++) {
      if (t.peer[i] === 255 || done.has(t.label[i])) continue;
      done.add(t.label[i]);
      const word = t.strings[t.label[i]].split('/')[0];
      if (!places.has(word)) { places.set(word, names.length); names.push(word); }
      of[t.label[i]] = places.get(word);
    }
    return { names, of };
  }

  function findBands(t) {
    const faults = [], down = [], steps = [], open = new Map();
    const marks = [];
    for (let i = 0; i < t.n; i++) {
      const kind = t.kind[i], text = t.strings[t.text[i]];
      if (kind > DROP) marks.push(i);
      if (kind === FAULT || kind === STEP) {
        const list = kind === FAULT ? faults : steps;
        const cut = text.match(/^(.*?) (begins|ends)(?:$|[: ])/);
        if (!cut || (kind === STEP && !cut[1].startsWith('step '))) continue;
        const key = kind + cut[1], name = cut[1].replace(/^step /, '');
        if (cut[2] === 'begins') {
          const band = { name, text, from: t.pos[i], to: Infinity };
          list.push(band); open.set(key, band);
        } else if (open.has(key)) {
          const band = open.get(key);
          band.to = t.pos[i]; open.delete(key);
          if (kind === STEP) band.text = text;
        }
      } else if (kind === BOOT) {
        const key = 'down' + t.actor[i], band = open.get(key);
        if (band) { band.to = t.pos[i]; open.delete(key); }
        if (/^(crashes|panics|stops)/.test(text)) {
          const fresh = { lane: t.actor[i], from: t.pos[i], to: Infinity };
          down.push(fresh); open.set(key, fresh);
        }
      }
    }
    // A crash is seen in its node's lane; the rest is shaded once, however many faults overlap.
    const shades = [];
    for (const { from, to } of faults.filter((fault) => !/ begins: crash /.test(fault.text)).sort((a, b) => a.from - b.from)) {
      const last = shades[shades.length - 1];
      if (last && from <= last.to) last.to = Math.max(last.to, to); else shades.push({ from, to });
    }
    Object.assign(t, { shades, faults, down, steps, marks: Uint32Array.from(marks) });
  }

  function fill(select, first, items) {
    select.replaceChildren(new Option(first, ''), ...items.map(([text, value]) => new Option(text, value)));
    select.disabled = !items.length;
  }

  function offer() {
    const sessions = new Map();
    for (let i = 0; i < T.n; i++) {
      if (T.kind[i] !== SEND) continue;
      const label = T.strings[T.label[i]], at = label.lastIndexOf('@');
      if (at < 0 || /^0*$/.test(label.slice(at + 1))) continue;
      const known = sessions.get(label.slice(at + 1));
      if (known) known[0] += 1; else sessions.set(label.slice(at + 1), [1, label.split('/')[0]]);
    }
    const most = [...sessions].slice(0, 500).map(([id, [count, word]]) => [`${word} ${id} (${count})`, id]);
    fill($('session'), 'All sessions', most);
    fill($('step'), 'Whole run', T.steps.slice(0, 500).map((step, i) => [step.name, String(i)]));
    $('groups').replaceChildren(...T.groups.map((name, i) => {
      const entry = document.createElement('span'), color = document.createElement('i');
      color.className = `s${i % 8}`;
      entry.append(color, name);
      return entry;
    }), Object.assign(document.createElement('span'), { className: 'bad', textContent: '\u00d7 lost' }));
  }

  function filter() {
    const words = $('find').value.toLowerCase().split(/\s+/).filter(Boolean), session = $('session').value;
    mask = null;
    if (words.length || session) {
      const low = T.strings.map((text) => text.toLowerCase()), lanes = T.lanes.map((name) => name.replace(' ', ''));
      const fits = (word) => Uint8Array.from(low, (text) => text.includes(word) ? 1 : 0);
      const all = words.map((word) => [word, fits(word), lanes.indexOf(word)]);
      const ofSession = session ? fits(session) : null;
      mask = new Uint8Array(T.n);
      for (let i = 0; i < T.n; i++) {
        const a = T.label[i], b = T.text[i];
        const lane = (place) => place >= 0 && (T.actor[i] === place || T.peer[i] === place);
        mask[i] = all.every(([, fit, place]) => fit[a] || fit[b] || lane(place)) && (!ofSession || ofSession[a] || ofSession[b]) ? 1 : 0;
      }
    }
    draw();
  }

  // ---- drawing -----------------------------------------------------------------------------------------------------
  let width = 0, height = 0, row = 30, ink = {};
  function resize() {
    const dpr = Math.min(devicePixelRatio || 1, 2), shown = T ? T.lanes.length : 1;
    width = Math.max(200, Math.floor(canvas.clientWidth));
    row = Math.max(9, Math.min(44, Math.floor(560 / shown)));
    height = HEAD + shown * row + FOOT;
    canvas.style.height = `${height}px`;
    canvas.width = width * dpr; canvas.height = height * dpr;
    ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    draw();
  }
  const x = (time) => GUTTER + (time - view[0]) / (view[1] - view[0]) * (width - GUTTER - 8);
  const y = (lane) => HEAD + (lane + 0.5) * row;
  const timeAt = (px) => view[0] + (px - GUTTER) / (width - GUTTER - 8) * (view[1] - view[0]);

  function draw() {
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => { queued = false; paint(); });
  }

  function colors() {
    const style = getComputedStyle(document.documentElement);
    const names = ['card', 'ink', 'soft', 'edge', 'mark', 'bad', 'warn', 's0', 's1', 's2', 's3', 's4', 's5', 's6', 's7'];
    ink = Object.fromEntries(names.map((name) => [name, style.getPropertyValue('--' + name).trim()]));
  }

  function paint() {
    if (!T) return;
    colors();
    ctx.clearRect(0, 0, width, height);
    ctx.font = '12px system-ui, sans-serif';
    ctx.lineWidth = 1;
    paintBands();
    paintAxis();
    ctx.save();
    ctx.beginPath(); ctx.rect(GUTTER, 0, width - GUTTER, height); ctx.clip();
    const messages = paintMessages(), marks = paintMarks();
    paintPick();
    ctx.restore();
    paintNames();
    box.dataset.messages = String(messages);
    box.dataset.marks = String(marks);
    box.dataset.span = String(view[1] - view[0]);
    box.dataset.ready = '1';
    const when = (at) => seconds(T.even ? T.time[Math.max(0, Math.min(T.n - 1, Math.round(at)))] ?? 0 : at);
    state.textContent = `${when(view[0])} to ${when(view[1])}: ${messages.toLocaleString('en')} messages and ${marks.toLocaleString('en')} other events in view`;
  }

  function span(band) {
    const a = Math.max(GUTTER, x(band.from)), b = Math.min(width - 8, x(Math.min(band.to, T.end)));
    return b >= GUTTER && a <= width - 8 ? [a, Math.max(b - a, 1.5)] : null;
  }

  function fitText(text, room) {
    if (room < 18) return '';
    if (ctx.measureText(text).width <= room) return text;
    let cut = Math.max(0, Math.floor(room / 6.5));
    return cut < 3 ? '' : text.slice(0, cut - 1) + '…';
  }

  function paintBands() {
    const ends = [];
    ctx.globalAlpha = 0.1; ctx.fillStyle = ink.warn;
    for (const shade of T.shades) {
      const at = span(shade);
      if (at) ctx.fillRect(at[0], HEAD, at[1], height - HEAD - FOOT);
    }
    ctx.globalAlpha = 1;
    for (const fault of T.faults) {
      const at = span(fault);
      if (!at) continue;
      ctx.fillRect(at[0], 18 + 6, at[1], 2);
      let line = ends.findIndex((end) => end <= at[0]);
      if (line < 0 && ends.length < 1) line = ends.length;
      const text = line >= 0 ? fitText(fault.name, Math.min(at[1], 220)) : '';
      if (text) { ctx.fillText(text, at[0] + 2, 38); ends[line] = at[0] + ctx.measureText(text).width + 10; }
    }
    ctx.globalAlpha = 0.35; ctx.fillStyle = ink.soft;
    for (const down of T.down) {
      const at = span(down);
      if (at) ctx.fillRect(at[0], y(down.lane) - row * 0.4, at[1], row * 0.8);
    }
    ctx.globalAlpha = 1;
    T.steps.forEach((step, i) => {
      const at = span(step);
      if (!at) return;
      ctx.fillStyle = ink.mark; ctx.fillRect(at[0], 2, Math.max(at[1] - 1, 1), 17);
      ctx.fillStyle = ink.soft;
      const text = fitText(step.name, at[1] - 8);
      if (text) ctx.fillText(text, at[0] + 4, 15);
    });
  }

  function paintAxis() {
    ctx.strokeStyle = ink.edge;
    ctx.beginPath();
    for (let lane = 0; lane < T.lanes.length; lane++) { ctx.moveTo(GUTTER, y(lane)); ctx.lineTo(width - 8, y(lane)); }
    ctx.stroke();
    const size = view[1] - view[0], room = Math.max(2, (width - GUTTER) / 110), power = 10 ** Math.floor(Math.log10(size / room));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => size / step <= room);
    const digits = Math.max(0, -Math.floor(Math.log10(step / (T.even ? 1 : 1000))));
    ctx.fillStyle = ink.soft; ctx.textAlign = 'center';
    for (let tick = Math.ceil(view[0] / step) * step; tick <= view[1]; tick += step) {
      const at = x(tick);
      if (T.even && tick % 1) continue;
      ctx.fillRect(at, height - FOOT, 1, 4);
      const text = T.even ? `#${tick.toLocaleString('en')}` : `${(tick / 1000).toFixed(Math.min(digits, 6))} s`;
      const half = ctx.measureText(text).width / 2;
      if (at - half > GUTTER && at + half < width) ctx.fillText(text, at, height - 7);
    }
    ctx.textAlign = 'left';
  }

  function paintNames() {
    ctx.fillStyle = ink.card; ctx.fillRect(0, 0, GUTTER - 1, height);
    ctx.fillStyle = ink.soft; ctx.textAlign = 'right';
    ctx.fillText('steps', GUTTER - 8, 15);
    if (T.faults.length) ctx.fillText('faults', GUTTER - 8, 38);
    ctx.fillStyle = ink.ink;
    const every = Math.ceil(14 / row);
    T.lanes.forEach((name, lane) => { if (lane % every === 0) ctx.fillText(name, GUTTER - 8, y(lane) + 4); });
    ctx.textAlign = 'left';
  }

  function lowest(list, least) {
    let a = 0, b = list.length;
    while (a < b) { const m = (a + b) >> 1; if (list[m] < least) a = m + 1; else b = m; }
    return a;
  }

  const passes = (hop) => !mask || (T.hsend[hop] !== NONE && mask[T.hsend[hop]]) || (T.hlast[hop] !== NONE && mask[T.hlast[hop]]);

  function paintMessages() {
    const lanes = T.lanes.length, first = lowest(T.hreach, view[0]), paths = new Map();
    const taken = new Set(), heads = [], crosses = [];
    let count = 0;
    for (let i = first; i < T.hops && T.hstart[i] <= view[1]; i++) {
      if (T.hend[i] < view[0] || !passes(i)) continue;
      count += 1;
      const a = x(T.hstart[i]), b = x(T.hend[i]), from = T.hfrom[i], to = T.hto[i], lost = T.hlost[i];
      const pixel = ((Math.round(a) + 4096) * 8192 + Math.round(Math.min(b, 8000)) + 4096) % 67108864;
      const key = (pixel * lanes + from) * lanes + to;
      if (taken.has(key)) continue;
      taken.add(key);
      const group = lost === 1 ? -1 : T.hgroup[i] % 8;
      if (!paths.has(group)) paths.set(group, new Path2D());
      const path = paths.get(group), y0 = y(from), y1 = y(to);
      if (lost) {
        const xm = lost === 1 && T.hend[i] > T.hstart[i] ? b : a + 7, ym = y0 + (y1 - y0) * 0.45;
        path.moveTo(a, y0); path.lineTo(xm, ym);
        if (lost === 1) crosses.push(xm, ym);
      } else {
        path.moveTo(a, y0); path.lineTo(b, y1);
        heads.push(a, y0, b, y1, group);
      }
    }
    const thin = taken.size > 3000 ? 0.35 : taken.size > 800 ? 0.6 : 0.9;
    for (const [group, path] of paths) {
      ctx.globalAlpha = group < 0 ? 0.9 : thin;
      ctx.strokeStyle = group < 0 ? ink.bad : ink['s' + group];
      ctx.stroke(path);
    }
    ctx.globalAlpha = 1;
    if (heads.length < 5 * 1200) for (let i = 0; i < heads.length; i += 5) head(heads, i);
    if (crosses.length < 4000) {
      ctx.strokeStyle = ink.bad; ctx.beginPath();
      for (let i = 0; i < crosses.length; i += 2) {
        const [cx, cy] = [crosses[i], crosses[i + 1]];
        ctx.moveTo(cx - 3, cy - 3); ctx.lineTo(cx + 3, cy + 3); ctx.moveTo(cx + 3, cy - 3); ctx.lineTo(cx - 3, cy + 3);
      }
      ctx.stroke();
    }
    return count;
  }

  function head(list, i) {
    const [a, y0, b, y1, group] = [list[i], list[i + 1], list[i + 2], list[i + 3], list[i + 4]];
    const turn = Math.atan2(y1 - y0, b - a);
    ctx.fillStyle = ink['s' + group];
    ctx.beginPath(); ctx.moveTo(b, y1);
    ctx.lineTo(b - 7 * Math.cos(turn - 0.35), y1 - 7 * Math.sin(turn - 0.35));
    ctx.lineTo(b - 7 * Math.cos(turn + 0.35), y1 - 7 * Math.sin(turn + 0.35));
    ctx.fill();
  }

  function marksInView() {
    let a = 0, b = T.marks.length;
    while (a < b) { const m = (a + b) >> 1; if (T.pos[T.marks[m]] < view[0]) a = m + 1; else b = m; }
    return a;
  }

  function paintMarks() {
    const taken = new Set();
    let count = 0;
    for (let at = marksInView(); at < T.marks.length; at++) {
      const i = T.marks[at];
      if (T.pos[i] > view[1]) break;
      if (mask && !mask[i]) continue;
      count += 1;
      const px = x(T.pos[i]), key = Math.round(px) * 512 + T.actor[i];
      if (taken.has(key)) continue;
      taken.add(key);
      const kind = T.kind[i];
      ctx.fillStyle = kind === BOOT || kind === FAULT || kind === VERDICT ? ink.bad : ink.soft;
      const size = kind === BOOT || kind === VERDICT ? 3.5 : 1.8;
      ctx.beginPath(); ctx.arc(px, y(T.actor[i]), size, 0, 7); ctx.fill();
    }
    return count;
  }

  function paintPick() {
    const i = pinned >= 0 ? pinned : hot;
    if (i < 0) return;
    ctx.strokeStyle = ink.ink; ctx.lineWidth = 2;
    ctx.beginPath(); ctx.arc(x(T.pos[i]), y(T.actor[i]), 6, 0, 7); ctx.stroke();
    ctx.lineWidth = 1;
  }

  // ---- moving ------------------------------------------------------------------------------------------------------
  function zoom(factor, px) {
    const centre = timeAt(px === undefined ? (GUTTER + width) / 2 : Math.max(px, GUTTER));
    const size = Math.min(T.end, Math.max(T.even ? 10 : 0.01, (view[1] - view[0]) * factor));
    const share = (centre - view[0]) / (view[1] - view[0]);
    place(centre - share * size, size);
  }
  function place(from, size) {
    const start = Math.max(0, Math.min(from, T.end - size));
    view = [start, start + size];
    draw();
  }

  function nearest(px, py) {
    const lane = Math.round((py - HEAD) / row - 0.5), t0 = timeAt(px - 8), t1 = timeAt(px + 8);
    let best = -1, far = Infinity;
    for (let i = lowest(T.pos, t0); i < T.n && T.pos[i] <= t1; i++) {
      if (T.actor[i] !== lane || (mask && !mask[i])) continue;
      const d = Math.abs(x(T.pos[i]) - px);
      if (d < far) { far = d; best = i; }
    }
    return best;
  }

  function tell(i) {
    if (i < 0) { seen.textContent = 'Point at an event; click to keep it.'; return; }
    const peer = T.peer[i] === 255 ? '' : (T.kind[i] === DELIVER ? ' from ' : ' to ') + T.lanes[T.peer[i]];
    const size = T.bytes[i] ? `, ${T.bytes[i]} bytes` : '';
    seen.textContent = `${(T.time[i] / 1000).toFixed(6)} s  ${T.lanes[T.actor[i]]}: ${KINDS[T.kind[i]]}${peer} ${T.strings[T.label[i]]} ${T.strings[T.text[i]]}${size}`;
  }

  let drag = null;
  canvas.addEventListener('pointerdown', (event) => {
    drag = { x: event.offsetX, from: view[0], moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (drag) {
      const size = view[1] - view[0], by = (event.offsetX - drag.x) / (width - GUTTER - 8) * size;
      drag.moved = drag.moved || Math.abs(event.offsetX - drag.x) > 3;
      if (drag.moved) place(drag.from - by, size);
    } else if (T) {
      const next = nearest(event.offsetX, event.offsetY);
      if (next !== hot) { hot = next; if (pinned < 0) tell(hot); draw(); }
    }
  });
  canvas.addEventListener('pointerup', (event) => {
    if (drag && !drag.moved) { pinned = nearest(event.offsetX, event.offsetY); tell(pinned); draw(); }
    drag = null;
  });
  canvas.addEventListener('pointercancel', () => { drag = null; });
  canvas.addEventListener('wheel', (event) => {
    // A bare wheel scrolls the page; with a modifier, or sideways, it moves the diagram.
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      event.preventDefault();
      zoom(Math.exp((event.deltaY || event.deltaX) * 0.002), event.offsetX);
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      place(view[0] + event.deltaX / width * (view[1] - view[0]), view[1] - view[0]);
    }
  }, { passive: false });
  canvas.addEventListener('dblclick', (event) => zoom(0.4, event.offsetX));
  canvas.addEventListener('keydown', (event) => {
    const size = view[1] - view[0];
    const act = { '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), '0': () => place(0, T.end),
      ArrowLeft: () => place(view[0] - size / 5, size), ArrowRight: () => place(view[0] + size / 5, size) }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  $('in').addEventListener('click', () => zoom(0.5));
  $('back').addEventListener('click', () => zoom(2));
  $('fit').addEventListener('click', () => { $('step').value = ''; place(0, T.end); });
  $('find').addEventListener('input', filter);
  $('session').addEventListener('change', filter);
  $('step').addEventListener('change', () => {
    const step = T.steps[$('step').value];
    if (!step) return place(0, T.end);
    const size = Math.max(Math.min(step.to, T.end) - step.from, 0.01);
    place(step.from - size * 0.03, Math.min(size * 1.06, T.end));
  });
  for (const name of ['run', 'scale']) $(name).addEventListener('change', () => open($('trace-' + $('run').value)));
  window.addEventListener('resize', resize);
  window.addEventListener('themechange', draw);
  tell(-1);
  open($('trace-0'));
})();
