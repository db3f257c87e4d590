// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFiller} from "../../src/interfaces/IFiller.sol";

interface IPayable {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @notice Pays exactly what the fill's data says, whatever it got. Also looks at many things in one call.
contract ModelFiller is IFiller {
    error Refused();

    struct Payment {
        address token;
        uint256 amount;
    }

    /// @param data payments to the vault, then a call to it; a call of one byte is a refusal
    function onFill(address, uint256, address, uint256, bytes calldata data) external {
        (Payment[] memory payments, bytes memory then) = abi.decode(data, (Payment[], bytes));
        require(then.length != 1, Refused());
        if (then.length != 0) {
            (bool ok, bytes memory answer) = msg.sender.call(then);
            if (!ok) {
                assembly {
                    revert(add(answer, 0x20), mload(answer))
                }
            }
        }
        for (uint256 i; i < payments.length; ++i) {
            if (payments[i].amount != 0) IPayable(payments[i].token).transfer(msg.sender, payments[i].amount);
        }
    }

    struct Question {
        address to;
        bytes data;
    }

    struct Answer {
        bool ok;
        bytes data;
    }

    function look(Question[] calldata questions) external view returns (Answer[] memory answers) {
        answers = new Answer[](questions.length);
        for (uint256 i; i < questions.length; ++i) {
            (answers[i].ok, answers[i].data) = questions[i].to.staticcall(questions[i].data);
        }
    }
}
