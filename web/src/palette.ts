/** Class that sets `--series`. A colour belongs to an asset's place in the vault; from the seventh on they share one grey and are told apart by label. */
export function seriesClass(index: number): string {
  return index < 6 ? `series s${index + 1}` : 'series s0';
}
