interface Node {
	id: string;
	level: number;
	parent_id?: string | null;
}

/** The nodes of a repository as paths from the first level down, one for each node that has none of the others below it. */
export function classificationPaths<N extends Node>(nodes: N[]): N[][] {
	const byId = new Map(nodes.map((node) => [node.id, node]));
	const parents = new Set(nodes.map((node) => node.parent_id));
	return nodes
		.filter((node) => !parents.has(node.id))
		.map((leaf) => {
			const path = [leaf];
			for (let up = byId.get(leaf.parent_id ?? ''); up; up = byId.get(up.parent_id ?? '')) path.unshift(up);
			return path;
		});
}
