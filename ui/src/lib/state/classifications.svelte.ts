import { api, take, type Schema } from '$lib/api/client';
import { getLocale } from '$paraglide/runtime';

type Tree = Schema<'ClassificationTree'>;

/** The classification tree, fetched once when a page first needs it. */
class Classifications {
	tree = $state.raw<Tree[]>([]);
	/** All nodes by id, each followed by those below it. */
	nodes = $derived(new Map(this.tree.flatMap(withDescendants).map((node) => [node.id, node])));
	#started = false;

	/** Fetches the tree unless that was done; without it, pages show ids in place of names. */
	load(): void {
		if (this.#started) return;
		this.#started = true;
		take(api.GET('/api/classifications/tree')).then(
			(tree) => (this.tree = tree),
			() => (this.#started = false)
		);
	}

	/** A node and all above it, the first level first; nothing for an unknown one. */
	path(id: string): Tree[] {
		const found: Tree[] = [];
		for (let node = this.nodes.get(id); node !== undefined; node = this.nodes.get(node.parent_id ?? '')) {
			found.unshift(node);
		}
		return found;
	}

	/** The name of a node in the reader's language; its id as long as the tree is not here. */
	name(id: string): string {
		const node = this.nodes.get(id);
		if (node === undefined) return id;
		return getLocale() === 'zh' ? node.name_zh : node.name_en;
	}
}

function withDescendants(node: Tree): Tree[] {
	return [node, ...node.children.flatMap(withDescendants)];
}

export const classifications = new Classifications();
