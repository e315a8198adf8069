export interface ContourPath {
	level: number;
	/** Every fifth contour is drawn stronger, as on a topographic map. */
	isIndex: boolean;
	/** Path data in the units of the drawing. */
	data: string;
}

const CELL = 7;
const LEVELS = 22;
const HILLS = [
	[0.12, 0.32, 0.16, 1],
	[0.3, 0.85, 0.2, 0.78],
	[0.52, 0.12, 0.22, 0.7],
	[0.7, 0.62, 0.17, 0.95],
	[0.93, 0.2, 0.14, 0.85],
	[0.9, 0.95, 0.2, 0.6]
] as const;

/** Height between about 0 and 1 at a place given as fractions of the drawing's width. */
function height(x: number, y: number): number {
	let sum = 0.06 * Math.sin(9 * x + 4 * y) + 0.04 * Math.sin(17 * x - 11 * y);
	for (const [hillX, hillY, radius, top] of HILLS) {
		const distance = ((x - hillX) ** 2 + ((y - hillY * 0.35) * 1.5) ** 2) / radius ** 2;
		sum += top * Math.exp(-distance * 1.8);
	}
	return sum;
}

/** Contour lines of a made-up terrain by marching squares (Lorensen and Cline 1987, in two dimensions). */
export function contourPaths(width: number, drawingHeight: number): ContourPath[] {
	const columns = Math.ceil(width / CELL);
	const rows = Math.ceil(drawingHeight / CELL);
	const grid = Array.from({ length: rows + 1 }, (_, row) =>
		Array.from({ length: columns + 1 }, (_, column) => height((column * CELL) / width, (row * CELL) / width))
	);
	return Array.from({ length: LEVELS }, (_, index) => {
		const level = (index + 1) * 0.05;
		let data = '';
		for (let row = 0; row < rows; row += 1) {
			for (let column = 0; column < columns; column += 1) data += cell(grid, row, column, level);
		}
		return { level, isIndex: index % 5 === 4, data };
	});
}

function cell(grid: number[][], row: number, column: number, level: number): string {
	const at = (down: number, right: number) => grid[row + down]![column + right]! - level;
	const corners = [at(0, 0), at(0, 1), at(1, 1), at(1, 0)];
	const places = [
		[0, 0],
		[1, 0],
		[1, 1],
		[0, 1]
	] as const;
	const crossings: string[] = [];
	for (let edge = 0; edge < 4; edge += 1) {
		const [from, to] = [corners[edge]!, corners[(edge + 1) % 4]!];
		if (from < 0 === to < 0) continue;
		const share = from / (from - to);
		const [start, end] = [places[edge]!, places[(edge + 1) % 4]!];
		const x = (column + start[0] + (end[0] - start[0]) * share) * CELL;
		const y = (row + start[1] + (end[1] - start[1]) * share) * CELL;
		crossings.push(`${x.toFixed(1)} ${y.toFixed(1)}`);
	}
	return crossings.length >= 2 ? `M${crossings[0]}L${crossings[1]}` : '';
}
