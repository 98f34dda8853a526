// The main process: one window, one decoder process, and who may ask what of whom. Answers do not pass through here: page and
// decoder have a port to each other.
import { app, BrowserWindow, ipcMain, session } from "electron";
import { DecoderProcess } from "./main/decoder-process.js";
import { chosenModels } from "./main/models.js";
import { isPage, registerScheme, servePage } from "./main/page.js";
import { openWindow } from "./main/window.js";

/** @type {BrowserWindow | undefined} */
let window;
/** @type {import("./main/models.js").Models} */
let models = {};

const decoder = new DecoderProcess((end) => {
  window?.webContents.send("decoder", end);
  if (end.again) connect();
});

/** Gives the page a port to the decoder, a new one whenever either is new. */
function connect() {
  window?.webContents.postMessage("port", null, [decoder.connect()]);
}

function open() {
  const opened = openWindow();
  window = opened;
  opened.webContents.on("did-finish-load", connect);
  opened.on("closed", () => {
    window = undefined;
  });
}

/**
 * Answers a call of the page, and of nobody else.
 *
 * @param {string} channel
 * @param {(argument: unknown) => Promise<void> | void} work
 */
function handle(channel, work) {
  ipcMain.handle(channel, (event, argument) => {
    if (!isPage(event.senderFrame?.url)) throw new Error(`${channel} is not for ${event.senderFrame?.url}`);
    return work(argument);
  });
}

function restart() {
  decoder.start(models);
  connect();
}

registerScheme();
handle("restart", restart);
handle("choose", async (which) => {
  const chosen = await chosenModels(models, which, window);
  if (chosen === models) return;
  models = chosen;
  restart();
});

app.on("window-all-closed", () => {
  if (process.platform !== "darwin") app.quit();
});
app.whenReady().then(() => {
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  servePage();
  decoder.start(models);
  open();
  app.on("activate", () => {
    if (BrowserWindow.getAllWindows().length === 0) open();
  });
});
