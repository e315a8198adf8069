import { m } from '$messages';

/** Kinds of repositories in the order in which they are offered. */
export const KINDS = ['model', 'dataset', 'space', 'code', 'workflow', 'project'] as const;

export type Kind = (typeof KINDS)[number];

/** One of a kind. */
export function kindName(kind: string): string {
	switch (kind) {
		case 'model':
			return m.kind_model();
		case 'dataset':
			return m.kind_dataset();
		case 'space':
			return m.kind_space();
		case 'code':
			return m.kind_code();
		case 'workflow':
			return m.kind_workflow();
		case 'project':
			return m.kind_project();
		default:
			return kind;
	}
}

/** Many of a kind. */
export function kindNames(kind: string): string {
	switch (kind) {
		case 'model':
			return m.kind_models();
		case 'dataset':
			return m.kind_datasets();
		case 'space':
			return m.kind_spaces();
		case 'code':
			return m.kind_codes();
		case 'workflow':
			return m.kind_workflows();
		case 'project':
			return m.kind_projects();
		default:
			return kind;
	}
}

/** What to press to use one of a kind from code. */
export function useName(kind: string): string {
	switch (kind) {
		case 'model':
			return m.use_model();
		case 'dataset':
			return m.use_dataset();
		case 'space':
			return m.use_space();
		default:
			return m.use_repository();
	}
}
