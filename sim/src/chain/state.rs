//! Accounts, code and storage in ordered maps, and what each block overwrote.

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use revm::DatabaseRef;
use revm::bytecode::Bytecode;
use revm::state::{AccountInfo, EvmState};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// An account without its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Info {
    balance: U256,
    nonce: u64,
    code_hash: B256,
}

/// The newest state.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    accounts: BTreeMap<Address, Info>,
    /// Slots that are not zero.
    storage: BTreeMap<(Address, U256), U256>,
    code: BTreeMap<B256, Bytecode>,
}

/// What a block overwrote: values before it, `None` or zero for what did not exist.
#[derive(Clone, Debug, Default)]
pub(super) struct Undo {
    accounts: BTreeMap<Address, Option<Info>>,
    storage: BTreeMap<(Address, U256), U256>,
}

impl World {
    /// Accounts with nothing but a balance.
    pub fn with_balances(alloc: &BTreeMap<[u8; 20], U256>) -> Self {
        let info = |balance: U256| Info { balance, nonce: 0, code_hash: KECCAK256_EMPTY };
        let accounts = alloc.iter().map(|(&address, &balance)| (Address::from(address), info(balance))).collect();
        Self { accounts, ..Self::default() }
    }

    /// An account's balance, wei.
    pub fn balance(&self, account: Address) -> U256 {
        self.accounts.get(&account).map_or(U256::ZERO, |info| info.balance)
    }

    /// How many transactions an account has sent.
    pub fn nonce(&self, account: Address) -> u64 {
        self.accounts.get(&account).map_or(0, |info| info.nonce)
    }

    /// Applies a transaction's changes, keeping in `undo` what they overwrite. The changes come from hash maps; each
    /// touches its own key, so their order does not matter.
    pub fn apply(&mut self, changes: EvmState, undo: &mut Undo) {
        for (address, account) in changes {
            if !account.is_touched() {
                continue;
            }
            let gone = account.is_selfdestructed();
            if gone || account.is_created() {
                self.clear_storage(address, undo);
            }
            let info = &account.info;
            let exists = !gone && !info.is_empty();
            let new = exists.then_some(Info { balance: info.balance, nonce: info.nonce, code_hash: info.code_hash });
            if let (true, Some(code)) = (exists, &info.code)
                && info.code_hash != KECCAK256_EMPTY
            {
                self.code.entry(info.code_hash).or_insert_with(|| code.clone());
            }
            self.set_account(address, new, undo);
            if !gone {
                for (slot, value) in account.storage.iter().filter(|(_, value)| value.is_changed()) {
                    self.set_slot((address, *slot), value.present_value(), undo);
                }
            }
        }
    }

    /// Takes back what a block changed. Code that it stored stays; nothing names it any more.
    pub fn revert(&mut self, undo: Undo) {
        for (address, info) in undo.accounts {
            match info {
                Some(info) => self.accounts.insert(address, info),
                None => self.accounts.remove(&address),
            };
        }
        for (slot, value) in undo.storage {
            if value.is_zero() {
                self.storage.remove(&slot)
            } else {
                self.storage.insert(slot, value)
            };
        }
    }

    /// Feeds the whole state to a hash, in order of addresses and slots.
    pub fn hash_into(&self, hasher: &mut blake3::Hasher) {
        for (address, info) in &self.accounts {
            hasher.update(address.as_slice());
            hasher.update(&info.balance.to_be_bytes::<32>());
            hasher.update(&info.nonce.to_be_bytes());
            hasher.update(info.code_hash.as_slice());
        }
        hasher.update(&(self.accounts.len() as u64).to_be_bytes());
        for ((address, slot), value) in &self.storage {
            hasher.update(address.as_slice());
            hasher.update(&slot.to_be_bytes::<32>());
            hasher.update(&value.to_be_bytes::<32>());
        }
    }

    fn set_account(&mut self, address: Address, new: Option<Info>, undo: &mut Undo) {
        let old = match new {
            Some(info) => self.accounts.insert(address, info),
            None => self.accounts.remove(&address),
        };
        if old != new {
            undo.accounts.entry(address).or_insert(old);
        }
    }

    fn set_slot(&mut self, slot: (Address, U256), value: U256, undo: &mut Undo) {
        let old = if value.is_zero() { self.storage.remove(&slot) } else { self.storage.insert(slot, value) };
        undo.storage.entry(slot).or_insert(old.unwrap_or_default());
    }

    fn clear_storage(&mut self, address: Address, undo: &mut Undo) {
        let all = (address, U256::ZERO)..=(address, U256::MAX);
        let slots: Vec<_> = self.storage.range(all).map(|(slot, _)| *slot).collect();
        slots.into_iter().for_each(|slot| self.set_slot(slot, U256::ZERO, undo));
    }

    fn account_info(&self, info: Info) -> AccountInfo {
        let code = self.code.get(&info.code_hash).cloned().unwrap_or_default();
        AccountInfo {
            balance: info.balance,
            nonce: info.nonce,
            code_hash: info.code_hash,
            code: Some(code),
            ..Default::default()
        }
    }

    /// The code of this hash. A hash without code does not occur: accounts only name code that was stored.
    fn code(&self, hash: B256) -> Bytecode {
        self.code.get(&hash).cloned().unwrap_or_default()
    }
}

/// Stands for the hash of a block, which contracts can ask for.
fn block_hash(number: u64) -> B256 {
    keccak256([&b"block"[..], &number.to_be_bytes()].concat())
}

impl DatabaseRef for World {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.accounts.get(&address).map(|&info| self.account_info(info)))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.code(hash))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.storage.get(&(address, slot)).copied().unwrap_or_default())
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(block_hash(number))
    }
}

/// The state after block `number`: the newest one, where no later block overwrote it.
#[derive(Clone, Copy)]
pub(super) struct StateAt<'a> {
    /// The newest state.
    pub world: &'a World,
    /// What recent blocks overwrote; complete above `number`.
    pub undo: &'a BTreeMap<u64, Undo>,
    /// The block.
    pub number: u64,
}

impl StateAt<'_> {
    /// Later blocks, oldest first: the first that overwrote a value knows what it was.
    fn later(&self) -> impl Iterator<Item = &Undo> {
        self.undo.range(self.number + 1..).map(|(_, undo)| undo)
    }

    /// An account's balance, wei.
    pub fn balance(&self, account: Address) -> U256 {
        match self.later().find_map(|undo| undo.accounts.get(&account)) {
            Some(old) => old.map_or(U256::ZERO, |info| info.balance),
            None => self.world.balance(account),
        }
    }
}

impl DatabaseRef for StateAt<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        match self.later().find_map(|undo| undo.accounts.get(&address)) {
            Some(old) => Ok(old.map(|info| self.world.account_info(info))),
            None => self.world.basic_ref(address),
        }
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.world.code(hash))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        match self.later().find_map(|undo| undo.storage.get(&(address, slot))) {
            Some(&old) => Ok(old),
            None => self.world.storage_ref(address, slot),
        }
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(block_hash(number))
    }
}
