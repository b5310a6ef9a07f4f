export async function binary(name) {
  return `${process.env.HOME}/.cache/patchgen/control-plane/v1.36.2/${name}`;
}
