// Which rows of the table are run.

/** The projects, each a folder beside this one, in the order of the table. */
const PROJECTS = ["runtimes", "bundlers", "test-runners", "browsers"];

/** A name on the command line that does not select any row. */
export class UnknownName extends Error {}

/**
 * Lists the selected rows, project by project.
 *
 * @param {string[]} names Each is a project, or a part of rows' names: "vite" selects "Vite, build" and "firefox" all
 *   rows in Firefox. Without a name all rows are selected.
 * @param {boolean} fast Whether to leave out all rows that are not marked as fast.
 */
export async function select(names, fast) {
  const all = await allRows();
  const isSelectedBy = ({ project, row }) => {
    const parts = row.toLowerCase().split(", ");
    return (name) => name === project || parts.includes(name.toLowerCase());
  };
  const unknown = names.filter((name) => !all.some((entry) => isSelectedBy(entry)(name)));
  if (unknown.length > 0) {
    const known = `a project (${PROJECTS.join(", ")}) or a part of a row's name (vite, firefox)`;
    throw new UnknownName(`nothing here is called ${unknown.join(" or ")}: name ${known}`);
  }
  const selected = all.filter(
    (entry) =>
      (names.length === 0 || names.some(isSelectedBy(entry))) && (!fast || entry.variant.fast),
  );
  return PROJECTS.map((project) => ({
    project,
    entries: selected.filter((entry) => entry.project === project),
  })).filter(({ entries }) => entries.length > 0);
}

async function allRows() {
  const rows = [];
  for (const project of PROJECTS) {
    const { default: variants } = await import(`../${project}/variants.js`);
    for (const [row, variant] of Object.entries(variants)) rows.push({ project, row, variant });
  }
  return rows;
}
