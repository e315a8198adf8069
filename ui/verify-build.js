// Proves that assets/ui is what ui/ builds: builds again beside it and compares every file. Compressed twins are compared by
// what is in them, because another release of Node may compress the same bytes otherwise.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

const committed = new URL('../assets/ui', import.meta.url).pathname;
const built = mkdtempSync(join(tmpdir(), 'geoml-hub-ui-'));

/** @param {string} folder */
function filesOf(folder) {
	return readdirSync(folder, { recursive: true, encoding: 'utf8' })
		.map((name) => relative(folder, join(folder, name)))
		.filter((name) => statSync(join(folder, name)).isFile())
		.sort();
}

/**
 * @param {string} folder
 * @param {string} name
 */
function contentOf(folder, name) {
	const bytes = readFileSync(join(folder, name));
	if (name.endsWith('.br')) return brotliDecompressSync(bytes);
	return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

try {
	execFileSync('npx', ['vite', 'build'], {
		cwd: new URL('.', import.meta.url).pathname,
		env: { ...process.env, GEOML_HUB_UI_BUILD: built },
		stdio: ['ignore', 'ignore', 'inherit']
	});
	const [there, expected] = [filesOf(committed), filesOf(built)];
	const differing = [
		...expected.filter((name) => !there.includes(name)).map((name) => `missing: ${name}`),
		...there.filter((name) => !expected.includes(name)).map((name) => `stale: ${name}`),
		...expected
			.filter((name) => there.includes(name))
			.filter((name) => !contentOf(committed, name).equals(contentOf(built, name)))
			.map((name) => `differs: ${name}`)
	];
	if (differing.length > 0) {
		console.error(
			`assets/ui is not what ui/ builds; run "npm run build" in ui/ and commit it.\n${differing.join('\n')}`
		);
		process.exitCode = 1;
	} else {
		console.log(`assets/ui is what ui/ builds (${expected.length} files).`);
	}
} finally {
	rmSync(built, { recursive: true });
}
