// Horizontal bar charts as inline SVG, without scripts. Colours are the page's CSS variables.
import { show } from "../print.ts";

export interface BarRow {
	readonly label: string;
	/** One value per series; undefined: the note is shown instead. */
	readonly values: readonly (number | undefined)[];
	/** Highlighted. */
	readonly isOurs?: boolean;
	/** A short remark behind the values. */
	readonly note?: string;
}

export interface BarChart {
	readonly title: string;
	/** How to read it: "less is better". */
	readonly hint: string;
	readonly unit: string;
	/** Names of the series; one: no legend. */
	readonly series: readonly string[];
	/** Highlight the first series only; the others are the reference. */
	readonly isBesideLimit?: boolean;
	readonly rows: readonly BarRow[];
}

const WIDTH = 720;
const LABEL = 210;
const VALUE = 190;
const BAR = 14;
const GAP = 12;

export function barChart(chart: BarChart): string {
	const { title, hint, series, rows } = chart;
	const most = Math.max(...rows.flatMap(({ values }) => values.map((value) => value ?? 0)), Number.MIN_VALUE);
	const rowHeight = series.length * BAR + GAP;
	const height = rows.length * rowHeight + GAP;
	const bars = rows.map((row, i) => rowOf(row, GAP + i * rowHeight, most, chart));
	const legend =
		series.length > 1 ? ` <span class="hint">Upper bar: ${series.map(escapeHtml).join("; lower bar: ")}.</span>` : "";
	return `<figure>
<figcaption>${escapeHtml(title)} <span class="hint">${escapeHtml(hint)}.</span>${legend}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">
${bars.join("\n")}
</svg>
</figure>`;
}

function rowOf({ label, values, isOurs, note }: BarRow, y: number, most: number, chart: BarChart): string {
	const { unit, series, isBesideLimit } = chart;
	const middle = y + (series.length * BAR) / 2;
	const remark = note === undefined ? "" : ` ${note}`;
	const bars = values.map((value, k) => {
		const top = y + k * BAR;
		if (value === undefined)
			return `<text x="${LABEL}" y="${top + BAR / 2}" class="value">${escapeHtml(note ?? "not measured")}</text>`;
		const width = Math.max(1, (value / most) * (WIDTH - LABEL - VALUE));
		const kind = kindOf(k, isOurs === true, isBesideLimit === true);
		const text = `${show(value)} ${unit}${k === values.length - 1 ? remark : ""}`;
		return `<rect x="${LABEL}" y="${top + 1}" width="${width.toFixed(1)}" height="${BAR - 2}" rx="2" class="${kind}"><title>${escapeHtml(`${label}, ${series[k] ?? ""}: ${text}`)}</title></rect><text x="${(LABEL + width + 6).toFixed(1)}" y="${top + BAR / 2}" class="value">${escapeHtml(text)}</text>`;
	});
	return `<text x="${LABEL - 8}" y="${middle}" class="label${isOurs === true ? " strong" : ""}">${escapeHtml(label)}</text>${bars.join("")}`;
}

function kindOf(series: number, isOurs: boolean, isBesideLimit: boolean): string {
	if (isBesideLimit) return series === 0 ? "ours" : "theirs";
	return `${isOurs ? "ours" : "theirs"} series${series}`;
}

export function escapeHtml(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
