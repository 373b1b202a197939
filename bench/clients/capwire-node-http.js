import { nodeHttpFetch } from "capwire/node-http";
import { make as makeWith } from "./capwire.js";

export const make = (settings) => makeWith({ ...settings, fetch: nodeHttpFetch });
