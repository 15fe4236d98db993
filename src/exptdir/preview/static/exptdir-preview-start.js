/* Puts the parts together: what the server says, and what the page and the panel make of it. */
import { Page, plain } from "./preview-page.js";
import { Panel } from "./preview-panel.js";

/* More than these were not edited by hand, but collect from what was. */
const MOST_EDITED = 3;

/* Milliseconds until the connection to the server is opened again, twice as many each time. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [250, 8000];

class Connection {
  /* `on` holds what to do: opened(), lost(), and a function for each type of message. */
  constructor(address, page, on) {
    this.address = address;
    this.page = page;
    this.on = on;
    this.pause = FIRST_PAUSE;
    this.open();
    document.addEventListener("visibilitychange", () => this.attract());
    // A page that waits to be gone back to must not hold a connection.
    addEventListener("pagehide", () => this.socket.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
  }

  open() {
    clearTimeout(this.timer);
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.pause = FIRST_PAUSE;
      this.tell();
      this.on.opened();
    });
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      if (Object.hasOwn(this.on, message.type)) this.on[message.type](message);
    });
    socket.addEventListener("close", () => {
      if (socket !== this.socket) return;
      this.on.lost();
      this.timer = setTimeout(() => this.open(), this.pause);
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
    });
  }

  /* The page that somebody looks at is built first. */
  tell() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ viewing: this.page }));
  }

  attract() {
    if (document.visibilityState !== "visible") return;
    this.open();
    this.tell();
  }
}

export function start({ base, page: address, edit, version, copy, originals }) {
  const panel = new Panel({ address: plain(address), edit });
  const page = new Page({ page: address, version, copy, originals }, (news) => panel.show(news));
  let wasLost = false;
  let [build, noted] = [0, -1];

  /* What is written first in a build was edited; what follows may only collect from it. */
  function note({ pages, sources }, isPage) {
    if (build === noted || !pages.length) return;
    noted = build;
    const edited = Object.entries(sources ?? {});
    if (isPage) panel.show({ edited: null });
    else if (edited.length && edited.length <= MOST_EDITED) panel.show({ edited: edited[0] });
  }

  function update(message) {
    const isPage = message.pages.some((one) => plain(one) === plain(address));
    page.refresh({ isPage, files: message.files });
    note(message, isPage);
  }

  const socket = new URL("socket", base);
  socket.protocol = socket.protocol.replace("http", "ws");
  new Connection(socket.href, address, {
    opened() {
      panel.show({ isLost: false });
      // Nobody knows what was changed since the page was fetched.
      page.refresh({ files: wasLost ? page.pictures.files() : [] });
      wasLost = false;
    },
    lost() {
      wasLost = true;
      panel.show({ isLost: true });
    },
    state(state) {
      build = state.build;
      panel.show({ state });
      if (!page.isThere) page.refresh();
    },
    update,
    reload: () => page.reload(),
  });
}
