/** A folder or file on the way down a path. */
export interface PathStep {
	name: string;
	path: string;
}

/** `data/era5/2m.nc` as `data`, `data/era5` and the file. */
export function pathSteps(path: string): PathStep[] {
	const names = path.split('/').filter((name) => name !== '');
	return names.map((name, index) => ({ name, path: names.slice(0, index + 1).join('/') }));
}

/** The folder of a path; empty for the root. */
export function folderOf(path: string): string {
	return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

/** Whether a revision names a commit rather than a branch or a tag. */
export function isCommitId(revision: string): boolean {
	return /^[0-9a-f]{40}$/.test(revision);
}
