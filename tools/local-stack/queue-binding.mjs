/**
 * A plugin of Miniflare that binds a Worker's queue producer to an address, instead of to Miniflare's own broker.
 *
 * Miniflare's broker keeps its messages in workerd's memory: they'd be lost with a killed workerd, where the platform keeps
 * them. What the Worker sees is workerd's own queue binding either way; only where it sends to differs. Miniflare loads this
 * file by its path, for the bindings of `queueBindings`.
 */

import { fileURLToPath } from "node:url";

const PLUGIN = "local-stack-queue";

/** Header in which workerd tells the broker which queue a request is for. */
export const QUEUE_HEADER = "x-local-stack-queue";

/**
 * Miniflare's options for a Worker's producers.
 *
 * @param {Record<string, string>} producers Queue by binding name.
 * @param {string} address `host:port` of the broker.
 */
export function queueBindings(producers, address) {
  return Object.entries(producers).map(([name, queue]) => ({
    name,
    type: PLUGIN,
    plugin: { package: fileURLToPath(import.meta.url), name: PLUGIN },
    options: { queue, address },
  }));
}

const serviceName = (queue) => `${PLUGIN}:${queue}`;

const bindingsOf = ({ config }) => Object.entries(config.env ?? {}).filter(([, binding]) => binding.type === `unsafe:${PLUGIN}`);

/** What Miniflare looks for in a plugin's module. */
export const plugins = {
  [PLUGIN]: {
    getBindings(options) {
      return bindingsOf(options).map(([name, { dev }]) => ({ name, queue: { name: serviceName(dev.options.queue) } }));
    },
    getNodeBindings() {
      return {};
    },
    getServices({ options }) {
      return bindingsOf(options).map(([, { dev }]) => ({
        name: serviceName(dev.options.queue),
        external: {
          address: dev.options.address,
          http: { injectRequestHeaders: [{ name: QUEUE_HEADER, value: dev.options.queue }] },
        },
      }));
    },
  },
};
