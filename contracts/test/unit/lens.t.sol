// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV2Pair, IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {IOracleHub, Price, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Due, IVault, Policy, Raw, Target} from "../../src/interfaces/IVault.sol";
import {IVaultLens, Trouble, V2View, V3View, VaultLine, VaultView} from "../../src/interfaces/IVaultLens.sol";
import {Feed} from "../mocks/Feeds.sol";
import {BreakableToken, Token} from "../mocks/Tokens.sol";
import {RealUniswap} from "../utils/RealUniswap.sol";

/// @notice Answers as a vault would, whatever it was told; at first with rules that are none.
contract FakeVault {
    Raw private _raw;

    constructor() {
        _raw.rules = hex"ff";
    }

    function set(Raw calldata raw_) external {
        _raw = raw_;
    }

    function raw() external view returns (Raw memory) {
        return _raw;
    }
}

contract GreedyVault {
    fallback() external {
        while (true) {}
    }
}

contract LyingHub {
    function peekOf(bytes calldata) external view returns (Price[] memory quotes, uint40) {
        quotes = new Price[](3);
        for (uint256 i; i < 3; ++i) {
            quotes[i] = Price(7, uint40(block.timestamp), PriceStatus.Ok);
        }
        return (quotes, 0);
    }
}

contract LensTest is RealUniswap {
    uint256 private constant GAS_EACH = 3_000_000;
    uint256 private constant PAGE_GAS = 60_000_000; // {gas} of 500 vaults of five assets

    IVaultLens private lens;
    address[] private many500;

    function setUp() public override {
        super.setUp();
        lens = IVaultLens(deploy("VaultLens", ""));
        _makeMany();
    }

    /// @dev Vault i holds (i + 1) * 100 dollars, on target.
    function _makeMany() private {
        Target[] memory t = new Target[](5);
        for (uint160 i; i < 5; ++i) {
            address at = address((uint160(4) << 156) + i);
            vm.etch(at, address(new Token(8)).code);
            t[i] = target(Token(at), 2_000, 500, register(new Feed(8, 1e8)));
        }
        Policy memory p = defaultPolicy();
        for (uint256 i; i < 500; ++i) {
            address made = factory.create(address(uint160(0xF00000 + i)), KEEPER, p, t, bytes32(i));
            for (uint256 k; k < 5; ++k) {
                Token(t[k].token).mint(made, (i + 1) * 20e8);
            }
            many500.push(made);
        }
    }

    function one(address a) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = a;
    }

    function lineOf(address a) private view returns (VaultLine memory) {
        return lens.page(one(a), GAS_EACH)[0];
    }

    /* ------------------------------------------------- vaults ------------------------------------------------ */

    function test_sizes_below16KB() public view {
        assertLt(address(lens).code.length, 16_384, "VaultLens");
    }

    function test_vaults_tellEverything() public {
        driftAndBegin();
        address[] memory list = new address[](2);
        list[0] = address(vault);
        list[1] = factory.create(STRANGER, KEEPER, defaultPolicy(), new Target[](0), "empty");
        VaultView[] memory views = lens.vaults(list, GAS_EACH);
        VaultView memory v = views[0];
        VaultLine memory l = v.line;
        assertEq(l.vault, address(vault), "vault");
        assertEq(uint256(l.trouble), uint256(Trouble.None), "trouble");
        assertEq(l.owner, OWNER, "owner");
        assertEq(keccak256(abi.encode(v.policy)), keccak256(abi.encode(vault.policy())), "policy");
        assertEq(keccak256(abi.encode(l.state)), keccak256(abi.encode(vault.state())), "state");
        assertEq(keccak256(abi.encode(v.stop)), keccak256(abi.encode(vault.stop())), "stop");
        assertEq(keccak256(abi.encode(v.assets)), keccak256(abi.encode(vault.assets())), "assets");
        assertEq(keccak256(abi.encode(l.keepers)), keccak256(abi.encode(vault.keepers())), "keepers");
        uint256 weights;
        for (uint8 i; i < 3; ++i) {
            assertEq(l.positions[i].token, address(tokenOf(i)), "token");
            assertEq(l.positions[i].balance, held(i), "balance");
            assertTrue(l.positions[i].known, "known");
            assertEq(l.positions[i].price.usdE8, priceOf(i), "price");
            assertEq(l.positions[i].valueUsdE8, valueOf(i, held(i)), "value");
            weights += l.positions[i].weightBps;
        }
        assertTrue(weights > 9_997 && weights <= 10_000, "weights");
        assertEq(l.navUsdE8, 115_000e8, "nav");
        assertEq(uint256(l.hint.due), uint256(Due.Continue), "due");
        assertEq(l.hint.reason, "CONTINUE", "reason");
        assertEq(l.hint.retryAt, T0, "retryAt");
        assertEq(l.room.sliceCapUsdE8, 115_000e8, "slice cap");
        assertEq(l.room.lossLeftUsdE8, 1_150e8, "loss left");
        assertEq(l.room.requiredPips, 990_000, "demand");

        assertEq(views[1].line.owner, STRANGER, "second");
        assertEq(views[1].line.hint.reason, "NO_TARGETS", "second");
        assertEq(views[1].line.navUsdE8, 0, "second");
        assertEq(views[1].assets.length, 0, "second");
    }

    /// A page and the whole view say the same, and both what the vault says.
    function test_page_isTheSameLine() public {
        drift();
        VaultLine memory l = lineOf(address(vault));
        VaultView memory v = lens.vaults(one(address(vault)), GAS_EACH)[0];
        assertEq(keccak256(abi.encode(l)), keccak256(abi.encode(v.line)), "line");
        (Due kind, bytes32 reason, uint40 retryAt) = vault.due();
        assertEq(uint256(l.hint.due), uint256(kind), "due");
        assertEq(l.hint.reason, reason, "reason");
        assertEq(l.hint.retryAt, retryAt, "retryAt");
    }

    function test_page_noNavWithABadPrice() public {
        wbtcFeed.set(0);
        VaultLine memory v = lineOf(address(vault));
        assertEq(v.navUsdE8, 0, "nav");
        assertEq(uint256(v.positions[1].price.status), uint256(PriceStatus.Invalid), "status");
        assertEq(v.positions[0].weightBps, 0, "no weight without a NAV");
        assertEq(v.hint.reason, "PRICE_INVALID", "reason");
        assertEq(v.positions[0].balance, 40_000e6, "balances are told all the same");
    }

    function test_page_pausesOfOwnerAndGuardian() public {
        vm.prank(OWNER);
        vault.setGuardian(STRANGER);
        vm.prank(STRANGER);
        vault.guardianPause(1 hours);
        VaultLine memory v = lineOf(address(vault));
        assertEq(v.guardian, STRANGER, "guardian");
        assertEq(v.guardianPauseAt, T0 + 4 hours, "next pause");
        assertEq(v.hint.reason, "PAUSED", "reason");
        assertEq(v.hint.retryAt, T0 + 1 hours, "retryAt");
    }

    /// From the first look to the sale, the hints are what the vault says and does.
    function test_page_stopHints() public {
        Target[] memory t = stoppableTargets();
        t[WETH].stopPriceUsdE8 = 2_500e8;
        Policy memory p = defaultPolicy();
        (p.stopLossBps, p.confirmS) = (5_000, 600);
        address made = factory.create(OWNER, KEEPER, p, t, "stops");
        usdc.mint(made, 40_000e6);
        weth.mint(made, 10e18);
        _sameStopHints(made, "REFERENCE", 0, 0);
        IVault(made).checkStop();
        _sameStopHints(made, 0, 0, 0);

        setPrices(60_000, 2_400);
        _sameStopHints(made, "ARM", 4, 0);
        IVault(made).checkStop();
        _sameStopHints(made, 0, 4, T0 + 600);
        vm.warp(T0 + 600);
        setPrices(60_000, 2_400);
        _sameStopHints(made, "FIRE", 4, T0 + 600);
        vm.prank(OWNER);
        IVault(made).pause();
        _sameStopHints(made, 0, 4, T0 + 600);
        vm.prank(OWNER);
        IVault(made).resume();
        IVault(made).checkStop();
        VaultLine memory v = lineOf(made);
        assertEq(v.hint.reason, "STOPPED", "due");
        assertEq(v.positions[WETH].targetBps, 0, "target in force");
        assertEq(v.positions[USDC].targetBps, 7_000, "target in force");
    }

    function _sameStopHints(address made, bytes32 act, uint32 reached, uint256 retryAt) private view {
        VaultLine memory v = lineOf(made);
        assertEq(v.hint.stopAct, act, "act");
        assertEq(v.hint.stopReached, reached, "reached");
        assertEq(v.hint.stopRetryAt, retryAt, "retryAt");
        (uint32 reached_, bytes32 act_, uint40 retryAt_) = IVault(made).stopDue();
        assertTrue(act_ == act && reached_ == reached && retryAt_ == retryAt, "stopDue");
    }

    /* ------------------------------------------------- trouble ----------------------------------------------- */

    /// One of them after the other: none keeps the others from being told.
    function test_page_survivesWhatIsBroken() public {
        BreakableToken odd = new BreakableToken();
        Feed oddFeed = new Feed(8, 1e8);
        Target[] memory t = new Target[](2);
        (t[0], t[1]) = (target(usdc, 5_000, 500, register(usdcFeed)), target(odd, 5_000, 500, register(oddFeed)));
        if (t[0].token > t[1].token) (t[0], t[1]) = (t[1], t[0]);
        address broken = factory.create(OWNER, KEEPER, defaultPolicy(), t, "odd");
        usdc.mint(broken, 1_000e6);
        uint256 at = t[0].token == address(odd) ? 0 : 1;

        address[] memory list = new address[](6);
        list[0] = broken;
        list[1] = address(0xdead); //         no code
        list[2] = address(usdc); //           code, but no vault
        list[3] = address(new FakeVault()); // says that it is one, and talks nonsense
        list[4] = address(new GreedyVault());
        list[5] = address(vault);
        odd.breakBalance(true);
        VaultLine[] memory page = lens.page(list, GAS_EACH);
        assertEq(page.length, 6, "length");
        assertEq(uint256(page[0].trouble), uint256(Trouble.None), "a vault all the same");
        assertTrue(!page[0].positions[at].known && page[0].positions[1 - at].known, "which balance");
        assertEq(page[0].positions[1 - at].balance, 1_000e6, "the other one");
        assertEq(page[0].navUsdE8, 0, "no NAV");
        assertEq(page[0].hint.reason, "BALANCE_UNREADABLE", "reason");
        assertEq(uint256(page[1].trouble), uint256(Trouble.NotAVault), "no code");
        assertEq(uint256(page[2].trouble), uint256(Trouble.NotAVault), "no vault");
        assertEq(uint256(page[3].trouble), uint256(Trouble.Failed), "nonsense");
        assertTrue(page[4].trouble != Trouble.None, "greedy");
        for (uint256 i; i < 6; ++i) {
            assertEq(page[i].vault, list[i], "vault");
        }
        assertEq(keccak256(abi.encode(page[5])), keccak256(abi.encode(lineOf(address(vault)))), "unharmed");
        VaultView[] memory views = lens.vaults(list, GAS_EACH);
        assertEq(uint256(views[1].line.trouble), uint256(Trouble.NotAVault), "view");
        assertEq(views[5].assets.length, 3, "view");
    }

    /// A price that a stranger's hub made up is no price for others.
    function test_page_aHubOfTheirOwnMakesNoPrices() public {
        Raw memory raw = vault.raw();
        raw.hub = IOracleHub(address(new LyingHub()));
        FakeVault liar = new FakeVault();
        liar.set(raw);
        address[] memory list = new address[](2);
        (list[0], list[1]) = (address(liar), address(vault));
        VaultLine[] memory page = lens.page(list, GAS_EACH);
        assertEq(page[0].positions[0].price.usdE8, 7, "its own");
        assertEq(page[1].positions[0].price.usdE8, 1e8, "the vault's");
    }

    /// Too little gas of the caller's is told as that, and not as trouble of a vault.
    function test_page_saysWhenItIsTooLarge() public view {
        address[] memory list = new address[](20);
        for (uint256 i; i < 20; ++i) {
            list[i] = address(vault);
        }
        (bool ok, bytes memory why) =
            address(lens).staticcall{gas: 600_000}(abi.encodeCall(IVaultLens.page, (list, GAS_EACH)));
        assertTrue(!ok && bytes4(why) == IVaultLens.PageTooLarge.selector, "told");
    }

    /* -------------------------------------------------- size ------------------------------------------------- */

    /// 500 vaults of five assets in one call. Nodes allow 50 million gas by default, providers hundreds of millions.
    function test_page_fiveHundredVaults() public {
        uint256 spent = _measure(many500);
        VaultLine[] memory page = lens.page(many500, GAS_EACH);
        assertEq(page.length, 500, "length");
        for (uint256 i; i < 500; ++i) {
            assertEq(page[i].vault, many500[i], "vault");
            assertEq(page[i].positions.length, 5, "positions");
            assertEq(page[i].navUsdE8, (i + 1) * 100e8, "nav");
            assertEq(page[i].hint.reason, "IN_BAND", "reason");
        }
        assertLt(spent, PAGE_GAS, "gas");
    }

    /// @dev Without taking the answer into memory, and cold as for a call from outside.
    /// @return spent {gas}
    function _measure(address[] memory list) private returns (uint256 spent) {
        bytes memory question = abi.encodeCall(IVaultLens.page, (list, GAS_EACH));
        address to = address(lens);
        for (uint256 i; i < list.length; ++i) {
            vm.cool(list[i]);
        }
        bool ok;
        uint256 before = gasleft();
        assembly ("memory-safe") {
            ok := staticcall(gas(), to, add(question, 0x20), mload(question), 0, 0)
        }
        spent = before - gasleft();
        assertTrue(ok, "page");
    }

    /* -------------------------------------------------- pools ------------------------------------------------ */

    function test_v2Pairs() public {
        IUniswapV2Pair pair = makePair(WETH, USDC, 5_000_000e8);
        V2View memory v = lens.v2Pairs(one(address(pair)))[0];
        assertEq(v.pair, address(pair), "pair");
        assertEq(v.token0, address(usdc), "token0");
        assertEq(v.token1, address(weth), "token1");
        assertEq(v.reserve0, 5_000_000e6, "reserve0");
        assertEq(v.reserve1, amountFor(WETH, 5_000_000e8), "reserve1");
    }

    function test_v3Pools_tickWindow() public {
        IUniswapV3Pool p = makePool(WETH, USDC, 3000, 5_000_000e8);
        (, int24 tick) = p.slot0();
        int24 near = tick / 60 * 60;
        mintLiquidity(p, near - 600, near + 600, 1e15);
        V3View memory v = lens.v3Pools(one(address(p)), 1)[0];
        assertEq(v.pool, address(p), "pool");
        assertEq(v.token0, address(usdc), "token0");
        assertEq(v.token1, address(weth), "token1");
        assertEq(v.feePips, 3000, "fee");
        assertEq(uint24(v.tickSpacing), 60, "spacing");
        assertTrue(v.tick == tick, "tick");
        assertEq(v.liquidity, p.liquidity(), "liquidity");
        int24 word = int24((tick / 60) >> 8);
        assertTrue(v.minTick == (word - 1) * 256 * 60, "minTick");
        assertTrue(v.maxTick == (word + 2) * 256 * 60 - 60, "maxTick");
        assertEq(v.ticks.length, 2, "the full range lies outside the window");
        assertTrue(v.ticks[0].index == near - 600 && v.ticks[0].liquidityNet == 1e15, "lower");
        assertTrue(v.ticks[1].index == near + 600 && v.ticks[1].liquidityNet == -1e15, "upper");
    }

    /// However many words are asked for, the window ends where the scale ends.
    function test_v3Pools_wholeScale() public {
        IUniswapV3Pool p = makePool(WETH, USDC, 3000, 5_000_000e8);
        V3View memory v = lens.v3Pools(one(address(p)), 255)[0];
        assertTrue(v.minTick == -887_272, "minTick");
        assertTrue(v.maxTick == 887_272, "maxTick");
        assertEq(v.ticks.length, 2, "full range");
        assertTrue(v.ticks[0].index == -887_220, "lower");
        assertTrue(v.ticks[1].index == 887_220, "upper");
        assertTrue(v.ticks[0].liquidityNet + v.ticks[1].liquidityNet == 0, "in and out");
    }

    /// A negative price tick must be floored, not cut towards zero.
    function test_v3Pools_negativeTicks() public {
        IUniswapV3Pool p = IUniswapV3Pool(v3Factory.createPool(address(usdc), address(weth), 3000));
        (bool ok,) = address(p).call(abi.encodeWithSignature("initialize(uint160)", uint160(79_220_000_000e18)));
        assertTrue(ok, "initialised");
        mintLiquidity(p, -120, -60, 1e15);
        (, int24 tick) = p.slot0();
        assertTrue(tick < 0 && tick > -60, "between -1 and 0 spacings");
        V3View memory v = lens.v3Pools(one(address(p)), 0)[0];
        assertTrue(v.minTick == -256 * 60 && v.maxTick == -60, "the word below zero");
        assertEq(v.ticks.length, 2, "ticks");
    }
}
