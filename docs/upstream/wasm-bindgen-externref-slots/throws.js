const boom = () => {
  throw new Error("boom");
};

export { boom as throws_nothing, boom as throws_number, boom as throws_value };
