const capwire = require("capwire");
const { printReport } = require("./scenario/process.js");

printReport(capwire);
