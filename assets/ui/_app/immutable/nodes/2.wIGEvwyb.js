
export{_ as component}from"../chunks/Bvxwh-Ck.js";