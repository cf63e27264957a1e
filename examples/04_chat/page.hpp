#pragma once
// What the browser gets. Script and style are files of their own, so that helmet's default
// Content-Security-Policy lets them run and nothing else.

#include <string_view>

constexpr std::string_view page = R"page(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chat</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/chat.css">
<h1>Room <span id="room"></span></h1>
<p id="state" role="status">connecting</p>
<ol id="messages" aria-live="polite"></ol>
<form id="form"><input id="text" autocomplete="off" maxlength="1000" aria-label="Message">
<button>Send</button></form>
<script src="/chat.js"></script>
</html>
)page";

constexpr std::string_view style = R"css(
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
ol { list-style: none; padding: 0 }
li small { color: #666 }
form { display: flex; gap: .5rem }
input { flex: 1; font: inherit }
)css";

constexpr std::string_view script = R"js("use strict";
const query = new URLSearchParams(location.search);
const room = query.get("room") || "lobby";
const name = query.get("name") || "guest" + Math.floor(Math.random() * 1000);
const element = id => document.getElementById(id);
element("room").textContent = room;

let socket;
let pause = 500;

function show(message) {
    const line = document.createElement("li");
    // textContent, never innerHTML: what others say is no markup.
    line.textContent = message.kind === "said" ? `${message.from}: ${message.text}`
                                               : `${message.from} ${message.kind}`;
    const place = document.createElement("small");
    place.textContent = ` (worker ${message.worker})`;
    line.append(place);
    element("messages").append(line);
}

function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const path = `/rooms/${encodeURIComponent(room)}?name=${encodeURIComponent(name)}`;
    socket = new WebSocket(`${scheme}//${location.host}${path}`);
    socket.onopen = () => {
        pause = 500;
        element("state").textContent = "connected";
    };
    socket.onmessage = event => {
        const message = JSON.parse(event.data);
        if (message.kind === "welcome")
            document.body.dataset.worker = message.worker;
        else
            show(message);
    };
    socket.onclose = event => {
        element("state").textContent = `closed with ${event.code}, connecting again`;
        // Not all at once: a server that restarts has told everybody in the same moment.
        setTimeout(connect, pause * (0.5 + Math.random()));
        pause = Math.min(pause * 2, 30000);
    };
}

element("form").addEventListener("submit", event => {
    event.preventDefault();
    const text = element("text").value;
    if (text && socket.readyState === WebSocket.OPEN) {
        socket.send(text);
        element("text").value = "";
    }
});
connect();
)js";
