using Workerd = import "/workerd/workerd.capnp";

const bundled :Workerd.Config = (
  services = [ ( name = "main", worker = .bundledWorker ), .internet ],
  sockets = [ .http ],
);

const unbundled :Workerd.Config = (
  services = [ ( name = "main", worker = .unbundledWorker ), .internet ],
  sockets = [ .http ],
);

# By default only public addresses are allowed, and the sandbox is on this machine.
const internet :Workerd.Service =
  ( name = "internet", network = ( allow = ["public", "private"] ) );

const http :Workerd.Socket =
  ( name = "http", address = "127.0.0.1:0", http = (), service = "main" );

# Written by the script `build:workerd`.
const bundledWorker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [
    ( name = "worker.js", esModule = embed "built/worker.js" ),
    ( name = "capwire.wasm", wasm = embed "built/capwire.wasm" ),
  ],
);

const unbundledWorker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [
    ( name = "worker.js", esModule = embed "../worker.js" ),
    ( name = "scenario/scenario.js", esModule = embed "../scenario/scenario.js" ),
    ( name = "capwire", esModule = "export * from './capwire/workerd.js';" ),
    ( name = "capwire/workerd.js", esModule = embed "../node_modules/capwire/dist/workerd.js" ),
    ( name = "capwire/capwire.wasm", wasm = embed "../node_modules/capwire/dist/capwire.wasm" ),
    ( name = "capwire/client.js", esModule = embed "../node_modules/capwire/dist/client.js" ),
    ( name = "capwire/errors.js", esModule = embed "../node_modules/capwire/dist/errors.js" ),
  ],
);
