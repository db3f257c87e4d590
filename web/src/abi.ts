/** The only vault functions the page calls, and the errors an owner's call can end with. test/e2e/abi.test.ts ties them to the contract. */
export const VAULT_FRAGMENTS = [
  'function pause()',
  'function resume()',
  'function withdrawAll(address[] skip)',
  'function owner() view returns (address)',
  'error NotOwner(address caller)',
  'error TransferFailed(address token)',
  'error UnknownToken(address token)',
] as const;

export const ERC20_FRAGMENTS = ['function balanceOf(address account) view returns (uint256)'] as const;
