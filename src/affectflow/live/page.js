// The page's own side: camera or file → this computer's server, and its answers → canvas, bars, circle.
// Nothing is sent anywhere else; the server's Content-Security-Policy makes the browser refuse to.
(() => {
  "use strict";
  const JPEG_QUALITY = 0.85, IN_FLIGHT = 2, TRAIL_S = 8, RATE_S = 2;
  const client = crypto.randomUUID();
  const at = (selector) => document.querySelector(".al " + selector);
  const url = (what, query = {}) => new URL("live/" + what + "?" + new URLSearchParams({ client, ...query }), document.baseURI);
  let facts = null, mode = "idle", camera = null, turn = 0, mesh = true, armed = false;
  let trail = [], answers = [], lastTime = -Infinity, noticeUntil = 0;
  const video = document.createElement("video");
  video.muted = true; video.playsInline = true;

  async function ask(what, query, body) {
    const answer = await fetch(url(what, query), { method: "POST", body });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.detail || told.error || "The server does not answer as it should.");
    return told;
  }

  function fail(error) {
    const box = at(".al-error");
    box.textContent = error instanceof TypeError ? "The server is gone. Start it again: affectflow live" : error.message;
    box.classList.add("on");
  }

  async function ready() {
    if (!facts) {
      facts = await (await fetch(url("facts"))).json();
      buildBars();
      drawCircle();
    }
    at(".al-error").classList.remove("on");
  }

  // Gradio puts the page together after this script has run.
  (async function whenThere() {
    if (!document.querySelector(".al")) { requestAnimationFrame(whenThere); return; }
    try { await ready(); } catch (error) { fail(error); }
  })();

  // ---- camera ----

  async function startCamera() {
    if (!navigator.mediaDevices) throw new Error("The browser gives a camera only to pages of this computer (localhost) or https.");
    try {
      camera = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } }, audio: false,
      });
    } catch (error) {
      throw new Error(error.name === "NotAllowedError" ? "The browser may not use the camera. Allow it beside the address, then press Start."
        : error.name === "NotFoundError" ? "There is no camera. Open a video instead." : "The camera cannot be used: " + error.message);
    }
    video.srcObject = camera;
    await video.play();
    await ask("start");
    begin("camera");
    await recordFromTheFirstFrame();
    watchCamera(turn);
  }

  function watchCamera(mine) {
    let flying = 0, lastShot = -1;
    const canvases = [];
    const next = (now, frame) => {
      if (mine !== turn) return;
      video.requestVideoFrameCallback(next);
      const shot = frame.captureTime ?? now;
      if (flying >= IN_FLIGHT || shot <= lastShot) return;
      lastShot = shot;
      flying += 1;
      const canvas = canvases.pop() || document.createElement("canvas");
      canvas.width = video.videoWidth; canvas.height = video.videoHeight;
      canvas.getContext("2d", { alpha: false }).drawImage(video, 0, 0);
      canvas.toBlob(async (jpeg) => {
        try {
          const seen = await ask("frame", { time_s: shot / 1000 }, jpeg);
          if (mine === turn) { seen.late ? showState(seen) : show(seen, canvas); }
        } catch (error) {
          if (mine === turn) { stop(false); fail(error); }
        } finally { flying -= 1; canvases.push(canvas); }
      }, "image/jpeg", JPEG_QUALITY);
    };
    video.requestVideoFrameCallback(next);
  }

  // ---- file ----

  async function openFile(opened) {
    if (!opened) return;
    stop(false);
    await ready();
    const told = await ask("open", { path: opened.path });
    begin("file");
    const mine = turn, picture = new Image();
    try {
      await recordFromTheFirstFrame();
      while (mine === turn) {
        const seen = await ask("file");
        if (mine !== turn) return;
        if (seen.done) {
          const written = seen.written ? `; written: ${seen.written.name}, ${seen.written.frames} frames` : "";
          showState(seen);
          stop(false, "Finished " + told.name + written);
          return;
        }
        picture.src = "data:image/jpeg;base64," + seen.jpeg;
        await picture.decode();
        show(seen, picture);
        at(".al-progress i").style.width = 100 * (seen.progress || 0) + "%";
      }
    } catch (error) { if (mine === turn) { stop(false); fail(error); } }
  }

  // ---- begin, stop, buttons ----

  const nameGiven = () => document.querySelector("#al-name input, #al-name textarea")?.value || "";

  async function recordFromTheFirstFrame() {
    if (!armed) return;
    armed = false;
    showState(await ask("record", { name: nameGiven() }));
  }

  function begin(what) {
    turn += 1; mode = what; trail = []; answers = []; lastTime = -Infinity;
    at("").dataset.state = "on";
    at("").dataset.source = what;
    at(".al-progress i").style.width = "0";
    caption("#al-start", "Stop");
  }

  function stop(tell = true, words = "Ready") {
    turn += 1;
    if (camera) camera.getTracks().forEach((track) => track.stop());
    camera = null; mode = "idle";
    const root = at("");
    if (!root) return;
    root.dataset.state = "idle"; root.dataset.face = "";
    at(".al-status-text").textContent = words;
    at(".al-rate").textContent = "";
    for (const badge of root.querySelectorAll(".al-badge")) badge.classList.remove("on");
    caption("#al-start", "Start camera"); caption("#al-record", armed ? "Will record" : "Record");
    if (facts) showNothing();
    if (tell) ask("leave").catch(() => {});
  }

  function caption(selector, words) {
    const button = document.querySelector(selector);
    if (button && button.textContent.trim() !== words) button.textContent = words;
  }

  const act = (work) => async (...given) => {
    try { await ready(); await work(...given); } catch (error) { fail(error); }
  };

  window.affectflowLive = {
    startOrStop: act(async () => {
      if (mode === "idle") { await startCamera(); return; }
      if (at(".al-rec").classList.contains("on")) showState(await ask("stop"));
      stop();
    }),
    neutral: act(async () => {
      if (mode === "idle") throw new Error("Start the camera first, look at it with a neutral face, then press this.");
      showState(await ask("neutral", { wanted: at("").dataset.rest !== "yours" }));
    }),
    record: act(async () => {
      if (mode === "idle") {
        // Recorded from the first frame on: of a file, every frame.
        armed = !armed;
        caption("#al-record", armed ? "Will record" : "Record");
        return;
      }
      const on = at(".al-rec").classList.contains("on");
      showState(await ask(on ? "stop" : "record", on ? {} : { name: nameGiven() }));
    }),
    mesh: act(async () => { mesh = !mesh; caption("#al-mesh", mesh ? "Hide mesh" : "Show mesh"); }),
    file: act(openFile),
  };
  window.addEventListener("pagehide", () => navigator.sendBeacon(url("leave")));

  // ---- what was seen ----

  function rate() {
    const now = performance.now() / 1000;
    answers = answers.filter((a) => now - a[0] <= RATE_S);
    if (answers.length < 2) return null;
    const span = answers[answers.length - 1][0] - answers[0][0];
    return span > 0 ? answers.slice(1).reduce((sum, a) => sum + a[1], 0) / span : null;
  }

  function show(seen, picture) {
    if (seen.time_s <= lastTime) return;
    lastTime = seen.time_s;
    answers.push([performance.now() / 1000, seen.frames || 1]);
    drawPicture(seen, picture);
    const root = at(""), face = seen.points !== null, speed = rate();
    root.dataset.face = face ? "yes" : "no";
    root.dataset.frames = seen.n + 1;
    at(".al-status-text").textContent = face ? "Face followed" : "No face in the picture";
    at(".al-rate").textContent = (speed ? speed.toFixed(0) + " frames/s, " : "") + seen.took_ms.toFixed(0) + " ms each";
    showExpression(seen);
    showUnits(seen);
    if (seen.valence !== null) trail.push({ t: seen.time_s, v: seen.valence, a: seen.arousal });
    trail = trail.filter((p) => seen.time_s - p.t <= TRAIL_S);
    at(".al-numbers").textContent = seen.valence === null ? "" : signed(seen.valence) + ", " + signed(seen.arousal);
    root.dataset.valence = seen.valence ?? ""; root.dataset.arousal = seen.arousal ?? "";
    if (seen.source) at(".al-source").textContent = seen.source === "network" ? root.dataset.network : "A rough estimate from the expressions";
    drawCircle(seen.time_s);
    showState(seen);
  }

  // What is no longer in the picture is no longer said either.
  function showNothing() {
    const nothing = { label: null, top: [], units: facts.units.map(() => null), eyes_closed: null, perclos: null, blinks_per_min: null };
    showExpression(nothing);
    showUnits(nothing);
    trail = [];
    at(".al-numbers").textContent = "";
    at("").dataset.valence = at("").dataset.arousal = "";
    drawCircle(0);
  }

  function showExpression(seen) {
    at(".al-label").textContent = seen.label || "–";
    const top = at(".al-top");
    while (top.children.length < 3) top.append(row("", ""));
    [...top.children].forEach((line, k) => {
      const [name, score] = seen.top[k] || ["", 0];
      line.querySelector("em").textContent = name;
      line.querySelector("i").style.transform = `scaleX(${score})`;
      line.querySelector("b").textContent = name ? score.toFixed(2) : "";
    });
  }

  function row(code, words) {
    const line = document.createElement("div");
    line.className = "al-row";
    line.innerHTML = (code ? "<span></span>" : "") + "<em></em><div class='al-bar'><i></i></div><b></b>";
    if (code) line.querySelector("span").textContent = code;
    line.querySelector("em").textContent = words;
    line.title = words;
    return line;
  }

  function buildBars() {
    at(".al-bars").replaceChildren(...facts.units.map((unit) => row(unit.name, unit.words)));
  }

  function showUnits(seen) {
    [...at(".al-bars").children].forEach((line, k) => {
      const value = seen.units[k];
      line.classList.toggle("unseen", value === null);
      line.querySelector("i").style.transform = `scaleX(${value ?? 0})`;
      line.querySelector("b").textContent = value === null ? "–" : (5 * value).toFixed(1);
    });
    at(".al-eyes-now").textContent = seen.eyes_closed === null ? "–" : seen.eyes_closed ? "closed" : "open";
    at(".al-blinks").textContent = seen.blinks_per_min === null ? "–" : seen.blinks_per_min.toFixed(0) + " per min";
    at(".al-perclos").textContent = seen.perclos === null ? "–" : (100 * seen.perclos).toFixed(0) + " %";
  }

  const REST = {
    running: ["the face of the last minute", "This is my neutral face"],
    taking: ["your neutral face, being looked at", "Keep still"],
    yours: ["your neutral face", "Forget my neutral face"],
  };

  function showState(state) {
    const root = at(""), now = performance.now();
    root.dataset.rest = state.rest;
    at(".al-rest").textContent = REST[state.rest][0];
    caption("#al-neutral", REST[state.rest][1]);
    const rec = at(".al-rec"), on = Boolean(state.recording);
    if (rec.classList.contains("on") && !on && state.written) {
      noticeUntil = now + 8000;
      at(".al-note").textContent = `Written: ${state.written.name}, ${state.written.frames} frames`;
      root.dataset.written = JSON.stringify(state.written);
    }
    rec.classList.toggle("on", on);
    at(".al-note").classList.toggle("on", now < noticeUntil);
    caption("#al-record", on ? "Stop recording" : "Record");
    if (on) at(".al-rec b").textContent = `${clock(state.recording.seconds)}, ${state.recording.frames} frames`;
  }

  const signed = (x) => (x < 0 ? "\u2212" : "+") + Math.abs(x).toFixed(2);
  const clock = (s) => Math.floor(s / 60) + ":" + String(Math.floor(s % 60)).padStart(2, "0");

  // ---- drawing ----

  function drawPicture(seen, picture) {
    const view = at(".al-view"), width = picture.naturalWidth || picture.width, height = picture.naturalHeight || picture.height;
    if (view.width !== width || view.height !== height) {
      view.width = width; view.height = height;
      at(".al-picture").style.aspectRatio = width + " / " + height;
    }
    const pen = view.getContext("2d", { alpha: false });
    pen.drawImage(picture, 0, 0, width, height);
    if (!seen.points) return;
    const scale = width / seen.size[0] / facts.parts, p = seen.points;
    const to = (k, start) => (start ? pen.moveTo : pen.lineTo).call(pen, p[2 * k] * scale, p[2 * k + 1] * scale);
    if (mesh) {
      pen.beginPath();
      for (let e = 0; e < facts.edges.length; e += 2) { to(facts.edges[e], true); to(facts.edges[e + 1], false); }
      pen.lineWidth = 0.8; pen.strokeStyle = "rgba(86, 180, 233, 0.5)"; pen.stroke();
    }
    pen.beginPath();
    for (const ring of facts.rings) { ring.forEach((k, i) => to(k, i === 0)); pen.closePath(); }
    pen.lineWidth = 1.5; pen.strokeStyle = "rgba(226, 244, 255, 0.92)"; pen.stroke();
    pen.fillStyle = "rgba(86, 180, 233, 0.95)";
    // The middles of both irises.
    for (const k of [468, 473]) { pen.beginPath(); pen.arc(p[2 * k] * scale, p[2 * k + 1] * scale, 2, 0, 7); pen.fill(); }
  }

  function drawCircle(now) {
    const canvas = at(".al-circle"), pen = canvas.getContext("2d"), size = canvas.width, mid = size / 2, r = 0.37 * size;
    const style = getComputedStyle(at("")), ink = style.getPropertyValue("--quiet"), line = style.getPropertyValue("--line");
    const accent = style.getPropertyValue("--accent");
    pen.clearRect(0, 0, size, size);
    pen.lineWidth = 2; pen.strokeStyle = line;
    for (const part of [1, 0.5]) { pen.beginPath(); pen.arc(mid, mid, r * part, 0, 7); pen.stroke(); }
    pen.beginPath(); pen.moveTo(mid - r, mid); pen.lineTo(mid + r, mid); pen.moveTo(mid, mid - r); pen.lineTo(mid, mid + r); pen.stroke();
    pen.fillStyle = ink; pen.font = "22px " + style.fontFamily; pen.textAlign = "center"; pen.textBaseline = "middle";
    const [right, top, left, bottom] = facts.circle;
    pen.fillText(top, mid, mid - r - 22); pen.fillText(bottom, mid, mid + r + 22);
    pen.save(); pen.translate(mid - r - 22, mid); pen.rotate(-Math.PI / 2); pen.fillText(left, 0, 0); pen.restore();
    pen.save(); pen.translate(mid + r + 22, mid); pen.rotate(Math.PI / 2); pen.fillText(right, 0, 0); pen.restore();
    const place = (p) => [mid + r * p.v, mid - r * p.a];
    pen.lineCap = "round"; pen.strokeStyle = accent;
    for (let k = 1; k < trail.length; k += 1) {
      const age = (now - trail[k].t) / TRAIL_S;
      pen.globalAlpha = 0.75 * (1 - age); pen.lineWidth = 2 + 4 * (1 - age);
      pen.beginPath(); pen.moveTo(...place(trail[k - 1])); pen.lineTo(...place(trail[k])); pen.stroke();
    }
    pen.globalAlpha = 1;
    const last = trail[trail.length - 1];
    if (last) { pen.beginPath(); pen.arc(...place(last), 11, 0, 7); pen.fillStyle = accent; pen.fill(); pen.lineWidth = 4; pen.strokeStyle = style.getPropertyValue("--block-background-fill") || "#fff"; pen.stroke(); }
  }
})();
