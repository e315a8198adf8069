import { api, take, type Schema } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { metadataOf, type CardDraft, type ClassificationNode } from './cardForm';
import { fillTemplate } from './template';

export interface NewRepository {
	owner: string;
	kind: string;
	name: string;
	description: string;
	visibility: string;
	card: CardDraft;
	/** The README to begin with; without one the hub writes title and metadata. */
	template: Schema<'TemplateView'> | undefined;
}

type Made = Schema<'RepositoryView'>;

/** Makes the repository with what its first commit can say. Throws a `Problem`. */
export function makeRepository({
	owner,
	kind,
	name,
	description,
	visibility,
	card
}: NewRepository): Promise<Made> {
	const license = card.license === '' ? undefined : card.license;
	const body = { owner, name, description: description.trim(), repo_type: kind, visibility, tags: card.tags };
	return take(api.POST('/api/repositories', { body: { ...body, ...(license && { license }) } }));
}

/** Writes README and metadata of a new repository. May be tried again. Throws a `Problem`. */
export async function writeCard(
	made: Made,
	fresh: NewRepository,
	nodes: ReadonlyMap<string, ClassificationNode>
): Promise<void> {
	const path = { username: made.owner, repo_name: made.name };
	const query = { repo_type: made.repo_type };
	const card = { ...fresh.card, title: fresh.card.title.trim() || fresh.name };
	if (fresh.template !== undefined) await sendReadme(made, readmeOf(fresh.template, card, fresh.description));
	const metadata = metadataOf(card, nodes);
	if (metadata.license === null) metadata.license = 'other';
	const body = { metadata: metadata as never, message: 'Describe the repository' };
	await take(api.PUT('/api/{username}/{repo_name}/metadata', { params: { path, query }, body }));
}

function readmeOf(template: Schema<'TemplateView'>, card: CardDraft, summary: string): string {
	const { title, tags, license, framework, task, language } = card;
	return fillTemplate(template.content, { title, tags, license, framework, task, language, summary });
}

async function sendReadme(made: Made, text: string): Promise<void> {
	const form = new FormData();
	form.set('path', 'README.md');
	form.set('message', 'Begin the README from a template');
	form.set('file', new Blob([text]), 'README.md');
	const { error, response } = await api.POST('/api/{username}/{repo_name}/upload', {
		params: {
			path: { username: made.owner, repo_name: made.name },
			query: { repo_type: made.repo_type }
		},
		body: form as never,
		bodySerializer: (body: unknown) => body as FormData
	});
	if (!response.ok) throw new Problem(response.status, (error as object | undefined) ?? {});
}
