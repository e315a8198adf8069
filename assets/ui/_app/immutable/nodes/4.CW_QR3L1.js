
export{t as component}from"../chunks/B2Xkr2_z.js";