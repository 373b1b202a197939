const capwire = require("capwire");
const { scenario } = require("./scenario.js");

const config = JSON.parse(process.argv[2]);
scenario(capwire, config).then((report) => console.log(JSON.stringify(report)));
