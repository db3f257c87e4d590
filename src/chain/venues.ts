/** In the order of `enum Venue` of IVault.sol. */
export const VENUE_NAMES = ['UNISWAP_V2', 'UNISWAP_V3', 'FILLER', 'UNISWAP_V4', 'BALANCER_V3'] as const;
