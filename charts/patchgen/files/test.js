// What `helm test` runs: metrics come through the Service, and the operator behind it is ready.
// Arguments: the URL, and for how many seconds to try.
const [, url, seconds] = process.argv;
const deadline = Date.now() + Number(seconds) * 1_000;

async function problem() {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  if (response.status !== 200) return `${url} answers ${response.status}`;
  if (!/^patchgen_build_info\{/m.test(text)) return `${url} shows no metrics of patchgen`;
  if (!/^patchgen_ready 1$/m.test(text)) return 'the operator is not ready';
  console.log(text.match(/^patchgen_build_info.*$/m)[0]);
  return undefined;
}

const reason = (error) => error.cause?.message ?? error.message;

async function main() {
  for (;;) {
    const found = await problem().catch((error) => `${url}: ${reason(error)}`);
    if (found === undefined) return console.log('The operator is ready and serves its metrics.');
    console.log(found);
    if (Date.now() > deadline) process.exit(1);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

void main();
