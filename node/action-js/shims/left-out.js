// Stands for what this ethers lacks: using it says so.
export const leftOut = (name) => {
    const refuse = () => {
        throw new Error("ethers: " + name + " is not part of the ethers of actions");
    };
    return refuse;
};

export const leftOutClass = (name) => {
    const refuse = leftOut(name);
    return class {
        constructor() {
            refuse();
        }
    };
};
