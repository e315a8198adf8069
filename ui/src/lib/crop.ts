/** Which square of a picture is used. */
export interface Crop {
	/** Edge of the square as part of the picture's shorter edge, above 0 and at most 1. */
	size: number;
	/** Place between the leftmost (0) and the rightmost (1) one that fits. */
	across: number;
	/** Place between the top (0) and the bottom (1). */
	down: number;
}

/** The square in pixels of the picture. */
export function squareOf(width: number, height: number, crop: Crop): { x: number; y: number; edge: number } {
	const edge = Math.max(1, Math.min(width, height) * crop.size);
	return { x: (width - edge) * crop.across, y: (height - edge) * crop.down, edge };
}
