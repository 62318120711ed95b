//! Bindings of the network's contracts, as far as nodes and clients use them. A test compares them with the
//! committed artifacts.

// The Solidity sources under `contracts/` document these items.
#![allow(missing_docs)]

use alloy_sol_types::abi::AbiDecoderConfig;
use alloy_sol_types::sol;

/// Accepts what a contract encodes and nothing else: canonical offsets and padding, no trailing bytes. Without this,
/// overlapping offsets would let a short answer decode to gigabytes.
pub const STRICT: AbiDecoderConfig = AbiDecoderConfig::new().strict(true);

/// Key type of the network's own key, over BLS12-381.
pub const KEY_TYPE_BLS: u64 = 1;
/// Key type of ECDSA over secp256k1.
pub const KEY_TYPE_ECDSA: u64 = 2;
/// The index on the board of the network's own key, which is over BLS12-381; all others are over secp256k1.
pub const NETWORK_KEY_INDEX: u64 = u64::MAX;
/// The price of a PKP, in wei.
pub const MINT_COST_WEI: u64 = 100_000_000_000_000;
/// Scope: may sign anything.
pub const SCOPE_SIGN_ANYTHING: u64 = 1;
/// Scope: may sign messages under the prefix of EIP-191. [`SCOPE_SIGN_ANYTHING`] implies it.
pub const SCOPE_PERSONAL_SIGN: u64 = 2;

sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]

    interface Staking {
        struct Validator {
            address nodeAddress;
            bytes identityKey;
            bytes32 channelKey;
            bytes encryptionKey;
            bytes encryptionProof;
        }

        event EpochStarted(uint256 indexed epoch, uint256 validators, uint256 threshold);

        function setGenesis(Validator[] validators, uint256 threshold) external;
        function epoch() external view returns (uint256);
        function threshold() external view returns (uint256);
        function getRoster() external view returns (uint256 epoch, uint256 threshold, Validator[] validators);
        function getValidatorsInCurrentEpoch() external view returns (Validator[]);
        function validatorCount() external view returns (uint256);
        function isActiveValidator(address account) external view returns (bool);
        function validatorIndex(address account) external view returns (uint256);
        function faultyMax() external view returns (uint256);
    }

    interface DkgBoard {
        struct Session {
            uint256 epoch;
            uint256 index;
            uint256 attempt;
            uint256 openBlock;
            uint256 closeBlock;
            uint256 complaintBlock;
            uint256 certified;
            uint256 disputed;
        }

        event SessionOpened(
            bytes32 indexed sid, uint256 index, uint256 attempt, uint256 closeBlock, uint256 complaintBlock
        );
        event DealingCertified(bytes32 indexed sid, uint16 dealer, bytes32 digest);
        event DealingDisputed(bytes32 indexed sid, uint16 dealer, bytes32 digest, uint16 accuser, bytes complaint);
        event RestartRequested(bytes32 indexed sid, uint16 validator, uint256 requests);

        function requestKeys(uint256 count) external;
        function requestNetworkKey() external;
        function NETWORK_KEY() external view returns (uint256);
        function certify(bytes32 sid, uint16 dealer, bytes32 digest, uint16[] ackers, bytes[] signatures) external;
        function complain(bytes32 sid, uint16 dealer, bytes32 digest, bytes complaint) external;
        function restart(bytes32 sid) external;
        function transferOwnership(address newOwner) external;
        function sessionId(uint256 epoch, uint256 index, uint256 attempt) external view returns (bytes32);
        function ackDigest(bytes32 sid, uint16 dealer, bytes32 digest) external pure returns (bytes32);
        function getSession(bytes32 sid) external view returns (Session);
        function certifiedDigest(bytes32 sid, uint16 dealer) external view returns (bytes32);
        function certifiedDealers(bytes32 sid) external view returns (uint16[]);
        function complaintCount(bytes32 sid, uint16 dealer) external view returns (uint256);
        function restartRequests(bytes32 sid) external view returns (uint256);
        function keyCount() external view returns (uint256);
    }

    interface PubkeyRouter {
        event RoutingVote(
            uint256 indexed tokenId, address indexed validator, bytes32 keyDataDigest, bytes32 dataHash, uint256 votes
        );
        event KeyRouted(uint256 indexed tokenId, bytes pubkey, uint256 keyType, bytes32 keyDataDigest);

        function voteForRoutingData(uint256 tokenId, bytes pubkey, uint256 keyType, bytes32 keyDataDigest) external;
        function isRouted(uint256 tokenId) external view returns (bool);
        function getPubkey(uint256 tokenId) external view returns (bytes);
        function getEthAddress(uint256 tokenId) external view returns (address);
        function unmintedCount(uint256 keyType) external view returns (uint256);
    }

    interface PKPNFT {
        event PKPMinted(uint256 indexed tokenId, bytes pubkey);
        event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

        function mintNext(uint256 keyType) external payable returns (uint256);
        function mintGrantAndBurnNext(uint256 keyType, bytes ipfsCID) external payable returns (uint256);
        function burn(uint256 tokenId) external;
        function transferFrom(address from, address to, uint256 tokenId) external;
        function ownerOf(uint256 tokenId) external view returns (address);
        function balanceOf(address owner) external view returns (uint256);
        function tokenOfOwnerByIndex(address owner, uint256 index) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function exists(uint256 tokenId) external view returns (bool);
        function getPubkey(uint256 tokenId) external view returns (bytes);
        function getEthAddress(uint256 tokenId) external view returns (address);
        function withdraw(address to) external;
        function mintCost() external view returns (uint256);
        function getUnmintedRoutedTokenIdCount(uint256 keyType) external view returns (uint256);
    }

    interface PKPPermissions {
        struct AuthMethod {
            uint256 authMethodType;
            bytes id;
            bytes userPubkey;
        }

        event PermittedAuthMethodAdded(uint256 indexed tokenId, uint256 authMethodType, bytes id, bytes userPubkey);
        event PermittedAuthMethodRemoved(uint256 indexed tokenId, uint256 authMethodType, bytes id);
        event PermittedAuthMethodScopeAdded(uint256 indexed tokenId, uint256 authMethodType, bytes id, uint256 scopeId);
        event PermittedAuthMethodScopeRemoved(
            uint256 indexed tokenId, uint256 authMethodType, bytes id, uint256 scopeId
        );

        function addPermittedAction(uint256 tokenId, bytes ipfsCID, uint256[] scopes) external;
        function removePermittedAction(uint256 tokenId, bytes ipfsCID) external;
        function addPermittedAddress(uint256 tokenId, address user, uint256[] scopes) external;
        function removePermittedAddress(uint256 tokenId, address user) external;
        function addPermittedAuthMethod(uint256 tokenId, AuthMethod method, uint256[] scopes) external;
        function removePermittedAuthMethod(uint256 tokenId, uint256 authMethodType, bytes id) external;
        function addPermittedAuthMethodScope(uint256 tokenId, uint256 authMethodType, bytes id, uint256 scopeId)
            external;
        function removePermittedAuthMethodScope(uint256 tokenId, uint256 authMethodType, bytes id, uint256 scopeId)
            external;
        function batchAddRemoveAuthMethods(
            uint256 tokenId, uint256[] typesToAdd, bytes[] idsToAdd, bytes[] pubkeysToAdd, uint256[][] scopesToAdd,
            uint256[] typesToRemove, bytes[] idsToRemove
        ) external;
        function getUserPubkeyForAuthMethod(uint256 tokenId, uint256 authMethodType, bytes id)
            external view returns (bytes);
        function getTokenIdsForAuthMethod(uint256 authMethodType, bytes id) external view returns (uint256[]);
        function getTokenIdsForAuthMethodPage(uint256 authMethodType, bytes id, uint256 start, uint256 count)
            external view returns (uint256[]);
        function countTokenIdsForAuthMethod(uint256 authMethodType, bytes id) external view returns (uint256);
        function getPKPPubKeysByAuthMethod(uint256 authMethodType, bytes id) external view returns (bytes[]);
        function getPermittedActions(uint256 tokenId) external view returns (bytes[]);
        function getPermittedAddresses(uint256 tokenId) external view returns (address[]);
        function getPermittedAuthMethods(uint256 tokenId) external view returns (AuthMethod[]);
        function getPermittedAuthMethodScopes(uint256 tokenId, uint256 authMethodType, bytes id, uint256 maxScopeId)
            external view returns (bool[]);
        function isPermittedAction(uint256 tokenId, bytes ipfsCID) external view returns (bool);
        function isPermittedAddress(uint256 tokenId, address user) external view returns (bool);
        function isPermittedAuthMethod(uint256 tokenId, uint256 authMethodType, bytes id) external view returns (bool);
        function isPermittedActionScopePresent(uint256 tokenId, bytes ipfsCID, uint256 scopeId)
            external view returns (bool);
        function isPermittedAddressScopePresent(uint256 tokenId, address user, uint256 scopeId)
            external view returns (bool);
        function isPermittedAuthMethodScopePresent(
            uint256 tokenId, uint256 authMethodType, bytes id, uint256 scopeId
        ) external view returns (bool);
    }

    interface PKPHelper {
        function mintNextAndAddAuthMethods(
            uint256 keyType, uint256[] permittedAuthMethodTypes, bytes[] permittedAuthMethodIds,
            bytes[] permittedAuthMethodPubkeys, uint256[][] permittedAuthMethodScopes,
            bool addPkpEthAddressAsPermittedAddress, bool sendPkpToItself
        ) external payable returns (uint256);
    }

    interface KeyPool {
        event MintedReported(address indexed validator, uint256 minted, uint256 reports);

        function reportMinted(uint256 minted) external;
        function requestNetworkKey() external;
        function TARGET_MAX() external view returns (uint256);
        function target() external view returns (uint256);
        function minted() external view returns (uint256);
    }

    /// Every custom error of every contract, those of the libraries included.
    interface Reverts {
        error InvalidSetSize(uint256 size);
        error InvalidThreshold(uint256 threshold, uint256 size);
        error GenesisAlreadySet();
        error InvalidKey(uint256 position);
        error AddressMismatch(uint256 position, address expected);
        error DuplicateValidator(address nodeAddress);
        error NoSuchValidator(uint256 epoch, uint256 index);
        error InvalidWindow();
        error NoValidators();
        error NetworkKeyRequested();
        error NotValidator(address sender);
        error UnknownSession(bytes32 sid);
        error WrongEpoch(uint256 sessionEpoch, uint256 currentEpoch);
        error WindowClosed(bytes32 sid, uint256 closeBlock);
        error ComplaintsOpen(bytes32 sid, uint256 complaintBlock);
        error ComplaintsClosed(bytes32 sid, uint256 complaintBlock);
        error EnoughDealings(bytes32 sid, uint256 undisputed);
        error NotCertified(bytes32 sid, uint16 dealer);
        error OtherDealing(bytes32 sid, uint16 dealer, bytes32 certified);
        error InvalidComplaintLength(uint256 length);
        error AlreadyDisputed(bytes32 sid, uint16 dealer, uint16 accuser);
        error InvalidDigest();
        error AlreadyCertified(bytes32 sid, uint16 dealer);
        error LengthMismatch(uint256 ackers, uint256 signatures);
        error TooFewAcks(uint256 given, uint256 needed);
        error RepeatedAcker(uint16 acker);
        error InvalidAck(uint16 acker);
        error UnsupportedKeyType(uint256 keyType);
        error InvalidPubkey(uint256 length);
        error TokenIdMismatch(uint256 given, uint256 expected);
        error NotRouted(uint256 tokenId);
        error NotPKPNFT(address sender);
        error WithdrawalFailed(address to);
        error InvalidAuthMethod(uint256 authMethodType, bytes id);
        error InvalidScope(uint256 scopeId);
        error NotPermitted(uint256 tokenId, uint256 authMethodType, bytes id);
        error UnequalLengths(uint256 methods, uint256 given);
        error NobodyPermitted();
        error InvalidTarget(uint256 target);

        error OwnableUnauthorizedAccount(address account);
        error OwnableInvalidOwner(address owner);
        error ERC721InvalidOwner(address owner);
        error ERC721NonexistentToken(uint256 tokenId);
        error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner);
        error ERC721InvalidSender(address sender);
        error ERC721InvalidReceiver(address receiver);
        error ERC721InsufficientApproval(address operator, uint256 tokenId);
        error ERC721InvalidApprover(address approver);
        error ERC721InvalidOperator(address operator);
        error ERC721OutOfBoundsIndex(address owner, uint256 index);
        error ERC721EnumerableForbiddenBatchMint();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use sha3::{Digest as _, Keccak256};
    use std::collections::BTreeSet;

    /// The type of a parameter as it enters a signature: tuples written out.
    fn canonical(parameter: &Value) -> String {
        let text = parameter["type"].as_str().unwrap();
        let Some(suffix) = text.strip_prefix("tuple") else { return text.into() };
        format!("({}){suffix}", list(&parameter["components"]))
    }

    fn list(parameters: &Value) -> String {
        parameters.as_array().unwrap().iter().map(canonical).collect::<Vec<_>>().join(",")
    }

    fn hashes(artifact: &str, kind: &str) -> BTreeSet<[u8; 32]> {
        let artifact: Value = serde_json::from_str(artifact).unwrap();
        let items = artifact["abi"].as_array().unwrap().iter().filter(|item| item["type"] == kind);
        let signature = |item: &Value| format!("{}({})", item["name"].as_str().unwrap(), list(&item["inputs"]));
        items.map(|item| Keccak256::digest(signature(item)).into()).collect()
    }

    fn selectors(artifact: &str, kind: &str) -> BTreeSet<[u8; 4]> {
        hashes(artifact, kind).iter().map(|hash| hash[..4].try_into().unwrap()).collect()
    }

    const STAKING: &str = include_str!("../../contracts/artifacts/Staking.json");
    const BOARD: &str = include_str!("../../contracts/artifacts/DkgBoard.json");
    const ROUTER: &str = include_str!("../../contracts/artifacts/PubkeyRouter.json");
    const PKP: &str = include_str!("../../contracts/artifacts/PKPNFT.json");
    const PERMISSIONS: &str = include_str!("../../contracts/artifacts/PKPPermissions.json");
    const HELPER: &str = include_str!("../../contracts/artifacts/PKPHelper.json");
    const KEY_POOL: &str = include_str!("../../contracts/artifacts/KeyPool.json");

    #[test]
    fn every_bound_function_and_event_is_in_the_compiled_contract() {
        type Bound = (&'static str, &'static [[u8; 4]], &'static [[u8; 32]]);
        let contracts: [Bound; 7] = [
            (STAKING, Staking::StakingCalls::SELECTORS, Staking::StakingEvents::SELECTORS),
            (BOARD, DkgBoard::DkgBoardCalls::SELECTORS, DkgBoard::DkgBoardEvents::SELECTORS),
            (ROUTER, PubkeyRouter::PubkeyRouterCalls::SELECTORS, PubkeyRouter::PubkeyRouterEvents::SELECTORS),
            (PKP, PKPNFT::PKPNFTCalls::SELECTORS, PKPNFT::PKPNFTEvents::SELECTORS),
            (
                PERMISSIONS,
                PKPPermissions::PKPPermissionsCalls::SELECTORS,
                PKPPermissions::PKPPermissionsEvents::SELECTORS,
            ),
            (HELPER, PKPHelper::PKPHelperCalls::SELECTORS, &[]),
            (KEY_POOL, KeyPool::KeyPoolCalls::SELECTORS, KeyPool::KeyPoolEvents::SELECTORS),
        ];
        for (artifact, functions, events) in contracts {
            let compiled = selectors(artifact, "function");
            functions.iter().for_each(|f| assert!(compiled.contains(f), "{}", hex::encode(f)));
            let compiled = hashes(artifact, "event");
            events.iter().for_each(|e| assert!(compiled.contains(e), "{}", hex::encode(e)));
        }
    }

    #[test]
    fn the_bound_errors_are_exactly_those_of_the_compiled_contracts() {
        let compiled: BTreeSet<_> = [STAKING, BOARD, ROUTER, PKP, PERMISSIONS, HELPER, KEY_POOL]
            .iter()
            .flat_map(|artifact| selectors(artifact, "error"))
            .collect();
        let bound: BTreeSet<_> = Reverts::RevertsErrors::SELECTORS.iter().copied().collect();
        let only = |a: &BTreeSet<[u8; 4]>, b| a.difference(b).map(hex::encode).collect::<Vec<_>>();
        assert_eq!((only(&compiled, &bound), only(&bound, &compiled)), (vec![], vec![]));
    }
}
