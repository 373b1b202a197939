// For Parcel, which by default looks for files and not into "exports".
export { default } from "./dist/ru.js";
