import { m } from '$messages';

/** Licences that are offered, by the names that cards use (SPDX identifiers in small letters). */
export const LICENCES: { id: string; name: string; group: 'software' | 'content' | 'model' }[] = [
	{ id: 'apache-2.0', name: 'Apache 2.0', group: 'software' },
	{ id: 'mit', name: 'MIT', group: 'software' },
	{ id: 'bsd-3-clause', name: 'BSD 3-Clause', group: 'software' },
	{ id: 'bsd-2-clause', name: 'BSD 2-Clause', group: 'software' },
	{ id: 'mpl-2.0', name: 'Mozilla Public License 2.0', group: 'software' },
	{ id: 'mulanpsl-2.0', name: 'Mulan PSL v2 木兰宽松许可证', group: 'software' },
	{ id: 'lgpl-3.0', name: 'GNU LGPL 3.0', group: 'software' },
	{ id: 'gpl-3.0', name: 'GNU GPL 3.0', group: 'software' },
	{ id: 'agpl-3.0', name: 'GNU AGPL 3.0', group: 'software' },
	{ id: 'cc0-1.0', name: 'CC0 1.0', group: 'content' },
	{ id: 'cc-by-4.0', name: 'CC BY 4.0', group: 'content' },
	{ id: 'cc-by-sa-4.0', name: 'CC BY-SA 4.0', group: 'content' },
	{ id: 'cc-by-nc-4.0', name: 'CC BY-NC 4.0', group: 'content' },
	{ id: 'cc-by-nc-sa-4.0', name: 'CC BY-NC-SA 4.0', group: 'content' },
	{ id: 'cc-by-nd-4.0', name: 'CC BY-ND 4.0', group: 'content' },
	{ id: 'odbl-1.0', name: 'Open Database License 1.0', group: 'content' },
	{ id: 'odc-by-1.0', name: 'ODC Attribution 1.0', group: 'content' },
	{ id: 'pddl-1.0', name: 'Public Domain Dedication (PDDL) 1.0', group: 'content' },
	{ id: 'cdla-permissive-2.0', name: 'CDLA Permissive 2.0', group: 'content' },
	{ id: 'ogl-uk-3.0', name: 'Open Government Licence (UK) 3.0', group: 'content' },
	{ id: 'openrail', name: 'OpenRAIL', group: 'model' },
	{ id: 'bigscience-openrail-m', name: 'BigScience OpenRAIL-M', group: 'model' }
];

/** What a licence is called that a card names; other cards' words stay as they are. */
export function licenceName(id: string): string {
	if (id === 'other') return m.licence_other();
	return LICENCES.find((one) => one.id === id)?.name ?? id;
}
