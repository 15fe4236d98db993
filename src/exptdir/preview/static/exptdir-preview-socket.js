/* The connection to the server: opened again and again, slower each time, until the server is back. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [250, 8000];

export class Connection {
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
