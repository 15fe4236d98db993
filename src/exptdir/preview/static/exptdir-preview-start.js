/* Puts the parts together: what the server says, and what the page and the panel make of it. */
import { Page, plain } from "./preview-page.js";
import { Panel } from "./preview-panel.js";
import { Connection } from "./preview-socket.js";

/* More than these were not edited by hand, but collect from what was. */
const MOST_EDITED = 3;

export function start({ base, page: address, edit, version, copy, originals }) {
  const panel = new Panel({ style: `${base}preview.css`, address: plain(address), edit });
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
