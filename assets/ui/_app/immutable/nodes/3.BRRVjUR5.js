
export{t as component}from"../chunks/CrV2B-sq.js";