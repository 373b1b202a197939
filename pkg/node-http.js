// For Parcel, which by default looks for files and not into "exports".
export * from "./dist/node-http.js";
